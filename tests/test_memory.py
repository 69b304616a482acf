"""Memory stays as it is, however many samples are made."""

from itertools import islice
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest

from keras_hourglass import PoseEstimator, StackedHourglass
from keras_hourglass.data.augmentation import Augmentation
from keras_hourglass.data.people import from_rows
from keras_hourglass.data.pipeline.batches import make_loader, training_batches
from keras_hourglass.data.pipeline.preprocessing import Preprocessor
from keras_hourglass.data.pipeline.sampler import EpochSampler
from keras_hourglass.skeletons import Skeleton

SAMPLES, BATCH, MOST = 20_000, 16, 16  # MB


def resident():
    """MB of memory that this process holds."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux")
def test_memory_is_flat_over_twenty_thousand_samples(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (80, 90, 3), "uint8")
    cv2.imwrite(str(tmp_path / "a.jpg"), noise)
    row = {"image": str(tmp_path / "a.jpg"), "joints": [[40, 40]], "weights": [1]}
    people = from_rows(
        Skeleton(("nose",)), [{**row, "center": [40, 40], "side": 60}] * 2000
    )
    sampler = Preprocessor(people, (64, 64), (16, 16), Augmentation())
    stream = EpochSampler([2000], BATCH)
    dataset, _ = training_batches(make_loader(sampler), stream)
    if keras.backend.backend() == "tensorflow":
        batches = iter(dataset)
    else:
        batches = (dataset[i % stream.steps] for i in range(10**9))
    for _ in islice(batches, SAMPLES // 4 // BATCH):
        pass
    before = resident()
    for _ in islice(batches, SAMPLES // BATCH):
        pass
    grown = resident() - before
    print(f"{before:.0f} MB, and {grown:+.1f} MB after {SAMPLES:,} samples")
    assert grown < MOST


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux")
def test_memory_is_flat_over_a_thousand_photographs():
    """Everyone on them: a detector, and poses of five people each."""
    random = np.random.default_rng(0)
    image = random.integers(0, 255, (240, 320, 3), "uint8")
    boxes = [[60 * number, 0, 60, 240] for number in range(5)]
    size = {"filters": 4, "stem_filters": 2, "depth": 1, "image_size": 32}
    model = StackedHourglass(stacks=1, **size)
    estimator = PoseEstimator(
        model, detector=lambda image: boxes, min_pose_score=-9, max_people=5
    )
    used = []
    for number, _ in enumerate(estimator.stream(image for _ in range(1000))):
        if number in (200, 999):
            used.append(resident())
    assert used[1] - used[0] < MOST
