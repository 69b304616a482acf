"""The packaged files of networks: rounding, digests, both formats."""

import zlib

import numpy as np
import pytest
from tensorflow.lite.python import schema_py_generated as schema

from keras_hourglass import StackedHourglass
from keras_hourglass.export.packaging import main, round_bits
from keras_hourglass.export.verification import Reference
from keras_hourglass.inference.runtimes.litert import LiteRT
from keras_hourglass.models.weights import Weights, digest_of, unpack_weights


def test_numbers_are_rounded_to_significant_bits():
    step = 2**-7  # between numbers of 8 significant bits from 1 to 2
    values = [0, 1, 1 + step, 1 + 0.4 * step, 1 + 0.6 * step, -1 - 0.6 * step, 3.1e-3]
    expected = [0, 1, 1 + step, 1, 1 + step, -1 - step, 203 * 2**-16]
    np.testing.assert_array_equal(round_bits(np.array(values, "f4"), 8), expected)
    all_bits = np.random.default_rng(0).normal(size=99).astype("float16")
    np.testing.assert_array_equal(round_bits(all_bits, 11), all_bits)
    error = np.abs(round_bits(all_bits, 8) / all_bits - 1)
    assert 2**-10 < error.max() <= 2**-8
    for bits in (0, 12):
        with pytest.raises(ValueError, match=f"from 1 to 11. Received: bits={bits}"):
            round_bits(all_bits, bits)


def test_both_files_are_written_with_their_digests(tmp_path, capsys, lively):
    lively.save(tmp_path / "small.keras")
    sizes = {}
    for bits in (11, 8):
        folder = tmp_path / str(bits)
        main(folder, [str(tmp_path / "small.keras")], bits)
        printed = capsys.readouterr().out
        for name in ("small.npz", "small.tflite"):
            assert str(Weights(name, digest_of(folder / name))) in printed
            data = (folder / name).read_bytes()
            sizes[name, bits] = len(zlib.compress(data))
    assert sizes["small.npz", 8] < 0.95 * sizes["small.npz", 11]
    assert sizes["small.tflite", 8] < sizes["small.tflite", 11]
    loaded = StackedHourglass.from_config(lively.get_config())
    unpack_weights(loaded, folder / "small.npz")
    for old, new in zip(lively.get_weights(), loaded.get_weights()):
        expected = round_bits(old, 8) if old.ndim > 1 else old
        np.testing.assert_array_equal(new, expected)


def test_a_rounded_file_predicts_what_the_network_does(tmp_path, lively, photographs):
    lively.save(tmp_path / "small.keras")
    main(tmp_path, [str(tmp_path / "small.keras")], bits=8)
    reference = Reference(lively, photographs[1])
    error = reference.measure(LiteRT(tmp_path / "small.tflite"))
    assert 0 < error.median < 0.1
    file = (tmp_path / "small.tflite").read_bytes()
    model = schema.ModelT.InitFromPackedBuf(file)
    kernels = [
        np.frombuffer(bytes(model.buffers[tensor.buffer].data), "float16")
        for tensor in model.subgraphs[0].tensors
        if tensor.type == schema.TensorType.FLOAT16 and len(tensor.shape) > 1
    ]
    assert len(kernels) > 10
    assert not any((kernel.view("uint16") & 7).any() for kernel in kernels)
