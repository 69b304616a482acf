import zlib

import keras
import numpy as np
import pytest

from keras_hourglass import StackedHourglass
from keras_hourglass.models import weights
from keras_hourglass.models.presets import DETECTOR_PRESETS, PRESETS
from keras_hourglass.models.weights import Weights

SMALL = {"stacks": 1, "filters": 8, "stem_filters": 4, "image_size": 64, "depth": 2}


def network(seed, **changes):
    keras.utils.set_random_seed(seed)
    model = StackedHourglass(**{**SMALL, "block": "ghost", **changes})
    random = np.random.default_rng(seed)
    model.set_weights([random.normal(0, 1, w.shape) for w in model.get_weights()])
    return model


def test_packed_weights_come_back_kernels_in_16_bits_and_others_exactly(tmp_path):
    source, target = network(0), network(1)
    weights.pack_weights(source, tmp_path / "small.npz")
    weights.unpack_weights(target, tmp_path / "small.npz")
    for old, new in zip(source.get_weights(), target.get_weights()):
        expected = old.astype("float16") if old.ndim > 1 else old
        np.testing.assert_array_equal(new, expected)


def test_weights_packed_by_older_versions_are_read(tmp_path):
    source, target = network(0), network(1)
    values = [w.ravel() for w in source.get_weights() if w.ndim > 1]
    others = [w.ravel() for w in source.get_weights() if w.ndim == 1]
    kinds = {"kernels": np.concatenate(values).astype("float16")}
    np.savez(tmp_path / "old.npz", **kinds, others=np.concatenate(others))
    weights.unpack_weights(target, tmp_path / "old.npz")
    weights.pack_weights(source, tmp_path / "new.npz")
    again = network(2)
    weights.unpack_weights(again, tmp_path / "new.npz")
    for old, new in zip(target.get_weights(), again.get_weights()):
        np.testing.assert_array_equal(old, new)


def test_all_weights_take_less_than_6_mb_of_the_wheel():
    presets = [*PRESETS.values(), *DETECTOR_PRESETS.values()]
    packaged = [file for p in presets for file in (p.weights, p.litert)]
    paths = [weights.weights_path(file) for file in packaged if file]
    assert len(paths) == 6
    assert sum(len(zlib.compress(path.read_bytes())) for path in paths) < 6e6


def test_another_network_is_refused_with_the_numbers(tmp_path):
    weights.pack_weights(network(0), tmp_path / "small.npz")
    with pytest.raises(ValueError, match=r"must hold the model's [\d,]+ kernels"):
        weights.unpack_weights(network(1, filters=16), tmp_path / "small.npz")


def test_a_damaged_file_is_refused(tmp_path, monkeypatch):
    packed = weights.pack_weights(network(0), tmp_path / "small.npz")
    monkeypatch.setattr(weights, "FOLDER", tmp_path)
    weights.load_weights(network(1), packed)
    data = bytearray((tmp_path / "small.npz").read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "small.npz").write_bytes(data)
    with pytest.raises(ValueError, match="damaged.*SHA-256 must be .*Received"):
        weights.load_weights(network(1), packed)
    (tmp_path / "small.npz").unlink()
    with pytest.raises(ValueError, match="please reinstall.*Received: no file"):
        weights.load_weights(network(1), packed)


@pytest.mark.parametrize("name", [n for n, p in PRESETS.items() if p.weights])
def test_shipped_weights_load_and_are_small(name):
    model = StackedHourglass.from_preset(name)
    packaged = PRESETS[name].weights
    assert isinstance(packaged, Weights)
    assert weights.weights_path(packaged).stat().st_size <= 6e6
    assert all(np.isfinite(w).all() for w in model.get_weights())
