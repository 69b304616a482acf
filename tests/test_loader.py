from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import cv2
import numpy as np
import pytest

from keras_hourglass.data.augmentation import Augmentation
from keras_hourglass.data.images.safety import ImageDecodeError
from keras_hourglass.data.people import from_rows
from keras_hourglass.data.pipeline.loader import Loader, read_reduced
from keras_hourglass.data.pipeline.preprocessing import Preprocessor
from keras_hourglass.geometry import Window
from keras_hourglass.skeletons import Skeleton

HIPS = Skeleton(("left_hip", "right_hip"))


def params(preprocessor, index, epoch=0):
    """Parameters of one sample."""
    return preprocessor.sample_params([(epoch, index)])[0]


@pytest.fixture
def people(tmp_path):
    """Four people; the second's image is broken, the third's is missing."""
    whole = np.full((90, 120, 3), (50, 100, 200), "uint8")
    for name in ("0.jpg", "3.png"):
        cv2.imwrite(str(tmp_path / name), whole)
    (tmp_path / "1.jpg").write_bytes((tmp_path / "0.jpg").read_bytes()[:300])
    row = {"joints": [[40, 50], [60, 50]], "weights": [1, 1], "center": [50, 45]}
    names = ["0.jpg", "1.jpg", "2.jpg", "3.png"]
    rows = [
        {**row, "image": str(tmp_path / name), "name": f"person of {name}"}
        for name in names
    ]
    return from_rows(HIPS, [{**row, "side": 40} for row in rows])


def loader(people, broken="error", **options):
    return Loader(Preprocessor(people, (32, 48), (8, 12), **options), broken)


def test_a_image_is_read_in_red_green_and_blue(people):
    image, label = loader(people).load(0)
    assert image.shape == (48, 32, 3) and label.shape == (2, 4)
    color = np.broadcast_to((200, 100, 50), image.shape)
    np.testing.assert_allclose(image, color, atol=3)


@pytest.mark.parametrize("index, why", [(1, "cannot be read"), (2, "No such file")])
def test_a_image_that_cannot_be_read_is_named_with_its_person(people, index, why):
    given = loader(people)
    with pytest.raises(ImageDecodeError, match=f"person of {index}.jpg: .*{why}.*skip"):
        given.load(index)
    assert list(given.failures) == [people.images[index]]


def test_images_that_are_skipped_are_counted_once_each_and_not_scored(people):
    given = loader(people, "skip")
    for epoch in range(2):
        for index in (1, 2):
            image, label = given.load(index, epoch)
            assert image.shape == (48, 32, 3) and label.shape == (2, 4)
            assert not image.any() and not label.any()
    assert list(given.failures) == [*people.images[1:3]]
    assert given.load(0)[1].any()


def test_a_batch_is_its_samples_stacked(people):
    given = loader(people, augmentation=Augmentation())
    images, labels = given.load_batch([(0, 3), (1, 0), (1, 3)])
    assert images.shape == (3, 48, 32, 3) and labels.shape == (3, 2, 4)
    image, label = given.load(index=0, turn=1)
    np.testing.assert_array_equal(images[1], image)
    np.testing.assert_array_equal(labels[1], label)


def test_padding_and_skipped_images_are_black_whatever_memory_held(people, monkeypatch):
    monkeypatch.setattr(np, "empty", lambda *shape: np.full(shape[0], 7, shape[1]))
    images, labels = loader(people, "skip").load_batch([(0, 0), (0, 1), None])
    assert images[0].any() and labels[0].any()
    assert not images[1:].any() and not labels[1:].any()
    assert not loader(people).load_batch([None])[0].any()


@pytest.mark.parametrize("count", [1, 2, 3])
def test_tensorflow_need_not_copy_the_images(people, count):
    images, _ = loader(people).load_batch([(0, 0)] * count)
    assert images.ctypes.data % 64 == 0


def test_samples_do_not_depend_on_the_order_of_requests(drawn):
    given = Loader(Preprocessor(drawn, (32, 48), (8, 12), Augmentation()))
    alone = [given.load(index) for index in range(8)]
    with ThreadPoolExecutor(4) as threads:
        crowd = [*threads.map(given.load, reversed(range(8)))][::-1]
    for one, other in zip(alone, crowd):
        np.testing.assert_array_equal(one[0], other[0])
        np.testing.assert_array_equal(one[1], other[1])


def test_a_large_person_is_read_at_reduced_size_and_lies_in_the_same_place(
    tmp_path, dotted, found
):
    path = str(tmp_path / "large.jpg")
    place = np.array([402.3, 289.7])
    cv2.imwrite(path, dotted(place, (803, 601), 20))
    window = Window.from_center(place + 20, np.float64(500), (96, 128))
    region = read_reduced(path, window, (96, 128))
    assert region.size == (402, 301)
    back = region.place.to_image(found(region.pixels)[None], region.size)[0]
    np.testing.assert_allclose(back, place, atol=0.1)


def with_limbs(people, broken):
    """The people with an arm instead of hips, whose limbs are pasted on each other."""
    arm = Skeleton(("left_elbow", "left_wrist", "right_elbow", "right_wrist"))
    joints = np.tile(people.joints, (1, 2, 1))
    people = replace(people, skeleton=arm, joints=joints, weights=np.ones((4, 4)))
    still = {"scale": 0, "rotation": 0, "flip": 0, "color": 0}
    return loader(people, broken, augmentation=Augmentation(**still, limbs=1))


def test_an_occluder_is_read_from_its_own_image(people):
    cv2.imwrite(people.images[3], np.zeros((90, 120, 3), "uint8"))
    given = with_limbs(people, "skip")
    occluders = {e: params(given.preprocessor, 0, e).occluder.index for e in range(30)}
    epoch = next(epoch for epoch, row in occluders.items() if row == 3)
    image, _ = given.load(0, epoch)
    dark = (image < 50).all(axis=-1)
    assert 10 < dark.sum() < dark.size / 4
    assert not given.failures


def test_an_occluder_of_a_broken_image_is_left_out_and_counted(people):
    given = with_limbs(people, "skip")
    for epoch in range(30):
        image, label = given.load(0, epoch)
        np.testing.assert_allclose(image, given.load(0)[0], atol=3)
        assert label.any()
    assert {*given.failures} == {*people.images[1:3]}


def test_the_person_of_an_occluder_that_cannot_be_read_is_named(people):
    given = with_limbs(people, "error")
    with pytest.raises(ImageDecodeError, match="person of [12].jpg"):
        for epoch in range(30):
            given.load(0, epoch)


@pytest.mark.parametrize("name", ["fine.jpg", "fine.png"])
@pytest.mark.parametrize("size, side", [(128, 190), (128, 256), (64, 256), (64, 320)])
def test_fine_stripes_of_a_large_person_become_gray(people, tmp_path, name, size, side):
    stripes = 255 * (np.indices((384, 384)).sum(axis=0) % 2)
    path = str(tmp_path / name)
    cv2.imwrite(path, np.repeat(stripes[..., None], 3, axis=-1).astype("uint8"))
    large = replace(
        people,
        images=np.full(4, path, object),
        centers=np.full((4, 2), 191.5),
        sides=np.full(4, float(side)),
    )
    sampler = Preprocessor(large, (size, size), (size // 4, size // 4))
    image, _ = Loader(sampler).load(0)
    np.testing.assert_allclose(image[2:-2, 2:-2], 127.5, atol=20)
    assert image.std() < 10
