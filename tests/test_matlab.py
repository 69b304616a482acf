import numpy as np
import pytest
import scipy.io

from keras_hourglass.data.readers import matlab


@pytest.mark.parametrize("compressed", [False, True])
def test_written_variables_are_read_back(tmp_path, compressed):
    held = {"numbers": np.arange(6.0).reshape(2, 3), "who": {"name": "größe", "n": 3}}
    path = tmp_path / "a.mat"
    scipy.io.savemat(path, held, do_compression=compressed)
    np.testing.assert_array_equal(matlab.read_mat(path, "numbers"), held["numbers"])
    who = matlab.read_mat(path, "who", squeeze=True)
    assert who.name == "größe" and who.n == 3
    with pytest.raises(ValueError, match="'numbers', 'who'"):
        matlab.read_mat(path, "what")


def test_a_file_that_ends_its_reader_is_an_error_like_any_other(tmp_path, monkeypatch):
    scipy.io.savemat(tmp_path / "a.mat", {"who": {"name": "a"}})
    crash = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"
    monkeypatch.setattr(matlab, "READ_STRUCTS", crash)
    with pytest.raises(ValueError, match="reader crashed"):
        matlab.read_mat(tmp_path / "a.mat", "who")
    monkeypatch.setattr(matlab, "READ_STRUCTS", "import time; time.sleep(99)")
    monkeypatch.setattr(matlab, "READ_TIMEOUT", 0.1)
    with pytest.raises(ValueError, match="took over 0.1 seconds"):
        matlab.read_mat(tmp_path / "a.mat", "who")


def test_the_error_of_a_damaged_struct_is_passed_on(tmp_path):
    scipy.io.savemat(tmp_path / "a.mat", {"who": {"name": "a" * 99}})
    whole = (tmp_path / "a.mat").read_bytes()
    (tmp_path / "a.mat").write_bytes(whole[:-60])
    with pytest.raises(ValueError, match="Error: "):
        matlab.read_mat(tmp_path / "a.mat", "who")


def test_a_cell_of_one_string_is_a_value_and_no_error(tmp_path):
    cell = np.empty((1, 1), object)
    cell[0, 0] = "größe"
    scipy.io.savemat(tmp_path / "a.mat", {"who": cell})
    assert matlab.read_mat(tmp_path / "a.mat", "who", squeeze=True) == "größe"
