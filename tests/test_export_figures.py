"""Figures of the shipped networks in 16 and 8 bits, as docs/export.md has them."""

import numpy as np
import pytest

import keras_hourglass as kh
from keras_hourglass.export.crops import packaged_crops
from keras_hourglass.export.verification import LIMITS, Reference
from keras_hourglass.inference.runtimes import LiteRT
from keras_hourglass.models.presets import PRESETS, with_weights
from keras_hourglass.models.weights import weights_path


@pytest.mark.parametrize("name", [n for n in PRESETS if PRESETS[n].litert])
def test_packaged_litert_files_are_the_networks(name):
    model = kh.load_model(name)
    crops = packaged_crops(model)[:15]  # one of each photograph
    error = Reference(model, crops).measure(LiteRT(weights_path(PRESETS[name].litert)))
    # Kernels have 6 significant bits, rounded before and after they are fused.
    assert error.moved <= LIMITS["float16"].moved and error.median <= 0.2


@pytest.mark.slow
@pytest.mark.parametrize("name", with_weights("pose"))
def test_fewer_bits_keep_the_score_on_mpii(name, shared, tmp_path):
    people = kh.load_dataset(f"crops:{shared / 'mpii_crops384'}", split="val")
    formats = ["litert", "litert:float16", "litert:int8"]
    results = kh.export_model(name, tmp_path, formats)
    assert not results.failed
    whole, half, eighth = (
        kh.evaluate(str(result.path), people).conventions["limbs"] for result in results
    )
    assert len(people) == 149
    assert abs(half - whole) < 0.2 and eighth > whole - 1
    times = [result.milliseconds for result in results]
    assert np.argmin(times) == 2
