import struct
import subprocess
import sys
import time
from itertools import islice

import cv2
import keras
import numpy as np
import pytest

from keras_hourglass.data.augmentation import Augmentation
from keras_hourglass.data.datasets.mpii import json_format
from keras_hourglass.data.images import decoding
from keras_hourglass.data.people import from_rows
from keras_hourglass.data.pipeline import pydataset
from keras_hourglass.data.pipeline.loader import Loader, read_reduced
from keras_hourglass.data.pipeline.preprocessing import Preprocessor
from keras_hourglass.data.pipeline.pydataset import PeopleDataset
from keras_hourglass.data.pipeline.sampler import EpochSampler
from keras_hourglass.data.readers.rows import collect_people
from keras_hourglass.geometry import Window
from keras_hourglass.skeletons import MPII, Skeleton

tf = pytest.importorskip("tensorflow")
if keras.backend.backend() != "tensorflow":
    pytest.skip("other backends read without tf.data", allow_module_level=True)

from keras_hourglass.data.pipeline import tf_data  # noqa: E402

IMAGE, HEATMAP = (96, 128), (24, 32)


@pytest.fixture(scope="module")
def photographed(shared):
    """Six real people, on photographs."""
    path = shared / "fixtures" / "mpii_mini" / "annotations.json"
    entries, read = json_format.read_entries(path)
    return collect_people(entries, read, MPII, path, path.parent / "images")[:6]


@pytest.fixture
def broken(tmp_path, dotted):
    """Three people; the image of the second has lost its end."""
    for name in ("0.jpg", "1.jpg", "2.jpg"):
        cv2.imwrite(str(tmp_path / name), dotted((60, 50), (460, 420), 30))
    data = (tmp_path / "1.jpg").read_bytes()
    (tmp_path / "1.jpg").write_bytes(data[: len(data) // 2])
    row = {"joints": [[40, 50]], "weights": [1], "center": [60, 60], "side": 100}
    names = [str(tmp_path / f"{number}.jpg") for number in range(3)]
    return from_rows(Skeleton(("nose",)), [{**row, "image": name} for name in names])


def loader(people, broken="error", read=tf_data.read_window):
    sampler = Preprocessor(people, IMAGE, HEATMAP, Augmentation(), seed=5)
    return Loader(sampler, broken, read)


def read_whole(path, window, size, data):
    return decoding.read_region(path, data)


def batches(dataset, count=None):
    return [*islice(dataset.as_numpy_iterator(), count)]


def assert_same(first, second):
    for one, other in zip(first, second, strict=True):
        for a, b in zip(one, other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_batches_are_those_that_the_loader_gives_directly(photographed):
    given, stream = loader(photographed), EpochSampler([6], 2, seed=1)
    dataset = tf_data.training_dataset(given, stream)
    expected = [
        given.load_batch(stream.at(2 * batch + place) for place in range(2))
        for batch in range(6)
    ]
    assert_same(batches(dataset, 6), expected)


def test_batches_are_those_of_the_dataset_without_tensorflow(photographed):
    stream = EpochSampler([6], 3, seed=1)
    window = tf_data.training_dataset(loader(photographed), stream)
    other = PeopleDataset(loader(photographed, read=read_whole), 3, stream)
    for (images, labels), batch in zip(batches(window, 2), range(2), strict=True):
        other_images, other_labels = other[batch]
        np.testing.assert_array_equal(labels, other_labels)
        assert (
            np.abs(images - other_images.astype(float)).mean() < 2
        )  # of 255; one may be read at half size


def test_a_image_read_in_part_shows_what_the_reduced_one_shows(photographed):
    part = loader(photographed)
    reduced = loader(photographed, read=read_reduced)
    for index in range(6):
        (image, label), (other, other_label) = part.load(index), reduced.load(index)
        np.testing.assert_array_equal(label, other_label)
        assert np.corrcoef(image.ravel(), other.ravel())[0, 1] > 0.98


def test_the_dataset_knows_its_shapes_before_it_runs(drawn):
    dataset = tf_data.training_dataset(loader(drawn), EpochSampler([12], 4))
    image, label = dataset.element_spec
    assert image.shape == (None, 128, 96, 3) and image.dtype == tf.uint8
    assert label.shape == (None, 16, 4) and label.dtype == tf.float32


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_batches_do_not_depend_on_the_number_of_threads(drawn, monkeypatch, threads):
    given, stream = loader(drawn[:12]), EpochSampler([12], 4, seed=2)
    for module in (tf_data, pydataset):
        monkeypatch.setattr(module, "core_count", lambda: threads)
    expected = [given.load_batch(stream.batch(batch)) for batch in range(4)]
    assert_same(batches(tf_data.training_dataset(given, stream), 4), expected)
    dataset = PeopleDataset(given, 4, stream)
    assert_same([dataset[batch] for batch in range(4)], expected)


@pytest.mark.parametrize("first", [4, 5])
def test_a_resumed_dataset_goes_on_where_the_unbroken_one_would_be(drawn, first):
    given, stream = loader(drawn[:12]), EpochSampler([12], 6, seed=2)
    unbroken = batches(tf_data.training_dataset(given, stream), 8)
    resumed = tf_data.training_dataset(given, stream, first_batch=first)
    assert_same(batches(resumed, 3), unbroken[first : first + 3])


def slow(number, seconds):
    time.sleep(seconds)
    return number


def test_the_time_that_steps_wait_for_a_dataset_is_measured():
    def made(number):
        return tf.numpy_function(lambda n: slow(n, 0.05), [number], tf.int64)

    dataset, waited = tf_data.measure_wait(
        tf.data.Dataset.range(6).map(made).prefetch(2)
    )
    numbers = iter(dataset)
    assert [int(next(numbers)) for _ in range(3)] == [0, 1, 2]
    assert waited() == pytest.approx(0.15, abs=0.05)
    before = waited()
    for _ in range(3):
        time.sleep(0.15)
        next(numbers)
    assert waited() - before < 0.06


def test_validation_has_all_people_once_in_order_and_a_smaller_last_batch(drawn):
    people = drawn.split("val")
    given = Loader(
        Preprocessor(people, IMAGE, HEATMAP), read_window=tf_data.read_window
    )
    run = batches(tf_data.validation_dataset(given, 2))
    assert [len(images) for images, _ in run] == [2, 2, 1]
    expected = [given.load_batch([(0, i)]) for i in range(5)]
    joined = [np.concatenate(part) for part in zip(*run)]
    assert_same([joined], [[np.concatenate(part) for part in zip(*expected)]])


def test_a_broken_jpeg_stops_the_run_and_is_named(broken):
    given = loader(broken)
    with pytest.raises(tf.errors.InvalidArgumentError, match="1.jpg"):
        batches(tf_data.validation_dataset(given, 3))
    ((path, why),) = given.failures.items()
    assert path == broken.images[1] and "truncated" in why


def test_a_broken_jpeg_may_be_skipped_and_is_counted(broken):
    given = loader(broken, "skip")
    ((images, labels),) = batches(tf_data.validation_dataset(given, 3))
    assert images.any(axis=(1, 2, 3)).tolist() == [True, False, True]
    assert labels.any(axis=(1, 2)).tolist() == [True, False, True]
    assert list(given.failures) == [broken.images[1]]


@pytest.mark.parametrize("side, reduction", [(60, 1), (300, 2), (600, 4)])
def test_only_the_part_under_the_window_is_read_and_lies_where_it_says(
    tmp_path, dotted, found, side, reduction
):
    path, place = str(tmp_path / "a.jpg"), np.array([1303.4, 1171.85])
    size, quality = (2003, 2551), [cv2.IMWRITE_JPEG_QUALITY, 98]
    cv2.imwrite(path, dotted(place, size, 3 * reduction), quality)
    window = Window.from_center(place + 3, np.float64(side), IMAGE).turned(0.5)
    region = tf_data.read_window(path, window, IMAGE)
    assert max(region.size) < 1.5 * side / reduction
    fineness = region.place.scale(region.size)
    assert fineness == pytest.approx(1 / reduction)
    back = region.place.to_image(found(region.pixels)[None], region.size)[0]
    np.testing.assert_allclose(back, place, atol=0.1)


def test_of_a_small_image_opencv_reads_all(tmp_path, dotted):
    path = str(tmp_path / "a.jpg")
    cv2.imwrite(path, dotted((103.4, 71.85), (203, 151), 3))
    window = Window.from_center(np.array([100.0, 70]), np.float64(40), IMAGE)
    region = tf_data.read_window(path, window, IMAGE)
    np.testing.assert_array_equal(region.pixels, decoding.read_region(path).pixels)


def test_a_turned_photograph_and_another_format_are_read_as_they_are_shown(
    tmp_path, dotted
):
    shown = cv2.applyColorMap(dotted((100, 70), (203, 151), 30), cv2.COLORMAP_JET)
    cv2.imwrite(str(tmp_path / "a.png"), shown)
    stored = cv2.imencode(".jpg", np.rot90(shown))[1].tobytes()
    tiff = struct.pack(">2sHIHHHIHHI", b"MM", 42, 8, 1, 0x112, 3, 1, 6, 0, 0)
    exif = b"\xff\xe1" + struct.pack(">H", 8 + len(tiff)) + b"Exif\0\0" + tiff
    (tmp_path / "a.jpg").write_bytes(stored[:2] + exif + stored[2:])
    window = Window.from_center(np.array([100.0, 70]), np.float64(120), IMAGE)
    for name in ("a.png", "a.jpg"):
        region = tf_data.read_window(str(tmp_path / name), window, IMAGE)
        assert region.size == (203, 151)
        assert np.abs(region.pixels.astype(int) - shown[..., ::-1]).mean() < 3


def test_a_gray_jpeg_has_three_equal_channels(tmp_path):
    path = str(tmp_path / "gray.jpg")
    cv2.imwrite(path, np.full((151, 203), 90, "uint8"))
    window = Window.from_center(np.array([100.0, 70]), np.float64(120), IMAGE)
    region = tf_data.read_window(path, window, IMAGE)
    assert region.pixels.shape[2] == 3 and np.abs(region.pixels - 90.0).max() < 2


def test_python_may_end_while_an_iterator_is_alive():
    code = "import keras_hourglass as kh; people = kh.load_dataset('synthetic', 64); "
    code += "iterator = iter(people.batches(256, 16)); next(iterator)"
    subprocess.run([sys.executable, "-c", code], check=True)
