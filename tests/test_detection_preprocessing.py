"""Samples of a detector: labels of boxes, windows, colors, and batches."""

import cv2
import keras
import numpy as np
import pytest

import keras_hourglass as kh
from keras_hourglass.data.detection import Photographs
from keras_hourglass.data.detection.augmentation import (
    DETECTION_AUGMENTATIONS,
    DetectionAugmentation,
    get,
)
from keras_hourglass.data.detection.preprocessing import (
    MAX_ROWS,
    PhotographPreprocessor,
    label_boxes,
)
from keras_hourglass.data.images.safety import ImageDecodeError
from keras_hourglass.data.pipeline.batch_maker import BatchMaker
from keras_hourglass.data.pipeline.loader import Loader
from keras_hourglass.data.pipeline.sharding import Shard
from keras_hourglass.geometry import Window

SIZE = 80, 80  # of the heatmap
WHOLE = Window.from_rectangle(np.array([0.0, 0, 320, 320]))


def rows_of(*boxes, crowd=None, window=WHOLE, photograph=(320, 320), size=SIZE):
    crowd = np.zeros(len(boxes), bool) if crowd is None else np.array(crowd)
    return label_boxes(
        np.array(boxes, float).reshape(-1, 4), crowd, photograph, window, size
    )


def test_a_box_is_a_quarter_of_itself_on_the_heatmap():
    (row,) = rows_of((40, 80, 120, 160))
    np.testing.assert_allclose(row, [10, 20, 30, 40, 1])


def test_a_mirrored_window_mirrors_boxes():
    (row,) = rows_of((40, 80, 120, 160), window=WHOLE.mirrored())
    np.testing.assert_allclose(row, [40, 20, 30, 40, 1])


def test_boxes_are_clipped_to_the_photograph_then_to_the_window():
    (row,) = rows_of((-40, 0, 80, 160))
    np.testing.assert_allclose(row, [0, 0, 10, 40, 1])
    half = Window.from_rectangle(np.array([160.0, 0, 160, 160]))
    (row,) = rows_of((80, 0, 120, 80), window=half)
    np.testing.assert_allclose(row, [0, 0, 20, 40, 1])  # a third of it is left


@pytest.mark.parametrize(
    "box, crowd, weight",
    [
        ((150, 0, 40, 160), False, 1),  # 30 of 40 columns are in the window
        ((129, 0, 40, 160), False, -1),  # 9 of 40: below a quarter
        ((131, 0, 40, 160), False, 1),  # 11 of 40
        ((200, 20, 8, 9.8), False, -1),  # below 2.5 heatmap pixels
        ((200, 20, 8, 10.2), False, 1),
        ((200, 20, 80, 80), True, -1),
    ],
)
def test_crowds_small_people_and_those_cut_below_a_quarter_are_ignored(
    box, crowd, weight
):
    half = Window.from_rectangle(np.array([160.0, 0, 320, 320]))
    (row,) = rows_of(box, crowd=[crowd], window=half, photograph=(480, 320))
    assert row[4] == weight


def test_people_come_first_and_what_is_outside_is_left_out():
    rows = rows_of(
        *((0, 0, 100, 100), (10, 10, 20, 20), (400, 0, 50, 50), (9, 9, 90, 90)),
        crowd=[True, False, False, False],
        photograph=(480, 320),
    )
    assert rows[:, 4].tolist() == [1, 1, -1]
    np.testing.assert_allclose(rows[:, 2], [22.5, 5, 25])
    assert rows_of().shape == (0, 5)


def test_of_too_many_people_the_small_ones_become_one_ignored_area():
    grid = [(40 * x, 50 * y, 24 + y, 40) for x in range(8) for y in range(6)]
    rows = rows_of(*grid)
    assert len(rows) == MAX_ROWS and (rows[:-1, 4] == 1).all() and rows[-1, 4] == -1
    # 31 of 48: all of the three widest rows, and seven of the fourth row.
    np.testing.assert_allclose(rows[-1, 1] + rows[-1, 3], (50 * 2 + 40) / 4)


@pytest.mark.parametrize("size", [(96, 64), (64, 96), (64, 64)])
def test_a_letterbox_holds_all_of_a_photograph_and_touches_two_sides(size):
    for width, height in ((300, 200), (200, 300), (250, 250)):
        window = Window.letterbox(np.array([0.0, 0, width, height]), size)
        points = window.to_grid(
            np.array([(-0.5, -0.5), (width - 0.5, height - 0.5)]), size
        )
        low, high = points
        assert (low > -0.5 - 1e-9).all() and (high < np.array(size) - 0.5 + 1e-9).all()
        assert np.isclose(low, -0.5).any()
        np.testing.assert_allclose(low + 0.5, np.array(size) - 0.5 - high)


def test_a_panorama_a_pixel_and_a_crowd_of_two_hundred_are_samples():
    crowd = [(20 * x, 30 * y, 15, 25) for x in range(20) for y in range(10)]
    sizes = [(30_000, 10), (10, 30_000), (640, 480), (1, 1)]
    photographs = Photographs(
        *(["a", "b", "c", "d"], sizes, ["train"] * 4),
        [[(29_000, 0, 30, 10)], [(0, 5, 10, 500)], crowd, [(0, 0, 1, 1)]],
        [[False] * count for count in (1, 1, 200, 1)],
        [lambda name: np.full((*sizes["abcd".index(name)][::-1], 3), 9, "uint8")] * 4,
    )
    for augmentation in (None, get("detect")):
        made = PhotographPreprocessor(photographs, (64, 64), (16, 16), augmentation)
        images, labels = Loader(made).load_batch([(0, row) for row in range(4)])
        assert images.any(axis=(1, 2, 3))[2:].all() and np.isfinite(labels).all()
        assert (labels[2, :, 4] != 0).sum() > 9


@pytest.fixture
def photograph():
    """One photograph whose person is white on gray, and black around it."""
    pixels = np.full((120, 160, 3), 90, "uint8")
    pixels[40:100, 60:90] = 255

    def read(_):
        return pixels

    return Photographs(
        ["one"], [(160, 120)], ["train"], [[(60, 40, 30, 60)]], [[False]], [read]
    )


def sample(photographs, augmentation, epoch=0, size=(64, 64)):
    grid = size[0] // 4, size[1] // 4
    made = PhotographPreprocessor(photographs, size, grid, augmentation)
    return Loader(made).load(0, epoch)


@pytest.mark.parametrize("size", [(64, 64), (96, 64)])
@pytest.mark.parametrize("augmentation", [None, DetectionAugmentation(gray=0)])
def test_boxes_lie_where_the_pixels_of_the_person_are(photograph, augmentation, size):
    for epoch in range(12 if augmentation else 1):
        image, label = sample(photograph, augmentation, epoch, size)
        assert image.shape == (size[1], size[0], 3) and label.shape == (MAX_ROWS, 5)
        brightest = image.max(axis=-1) > image.max() - 20
        y, x = np.nonzero(brightest)
        drawn = x.min(), y.min(), np.ptp(x) + 1, np.ptp(y) + 1
        np.testing.assert_allclose(4 * label[0, :4], drawn, atol=1.6)


def test_a_sample_is_a_function_of_seed_epoch_and_row(photograph):
    first, again = (sample(photograph, get("detect"), 3) for _ in "ab")
    other = sample(photograph, get("detect"), 4)
    assert (first[0] == again[0]).all() and (first[1] == again[1]).all()
    assert not (first[1] == other[1]).all()


def test_windows_hold_their_person_at_many_sizes_and_lie_on_the_photograph():
    whole = Window.letterbox(np.array([0.0, 0, 400, 300]), (64, 64))
    exact = Window.from_rectangle(np.array([0.0, 0, 400, 300]))
    boxes = np.array([(300, 200, 40, 80)])
    augmentation = DetectionAugmentation(whole=0, inside=1, shift=0.2)
    scales, flips = [], 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        window, flipped = augmentation.sample_window(whole, exact, boxes, random)
        scales.append(abs(window.right[0]) / whole.right[0])
        flips += flipped
        middle = window.to_grid(np.array([[319.5, 239.5]]), (1, 1))[0]
        assert (np.abs(middle) <= 0.5).all()
    assert 60 < flips < 140 and min(scales) < 0.5 and 1.2 < max(scales) < 1.6


def test_a_large_person_enlarges_the_window():
    whole = Window.letterbox(np.array([0.0, 0, 400, 300]), (64, 64))
    augmentation = DetectionAugmentation(whole=0, zoom=(-3, -3), aspect=0)
    sizes = {
        round(
            augmentation.sample_window(
                *(whole, whole, np.array([(50, 50, 100, 200)])),
                np.random.default_rng(seed),
            )[0].down[1]
        )
        for seed in range(60)
    }
    assert sizes == {210, 168, 126}  # 1.05 x 200, of 100, 80 and 60 %


def test_colors_change_and_black_stays_black():
    image = np.zeros((8, 8, 3), "uint8")
    image[2:6] = (200, 100, 50)
    changed = DetectionAugmentation(gray=0).augment_pixels(
        image.copy(), np.random.default_rng(1)
    )
    assert not changed[:2].any() and changed[3].any() and (changed != image).any()
    gray = DetectionAugmentation(gray=1).augment_pixels(
        image.copy(), np.random.default_rng(1)
    )
    assert (gray == gray[..., :1]).all() and gray[3].all()
    still = {"color": 0, "saturation": 0, "contrast": 0, "brightness": 0}
    same = DetectionAugmentation(gray=0, **still).augment_pixels(
        image.copy(), np.random.default_rng(1)
    )
    np.testing.assert_array_equal(same, image)


def test_an_augmentation_that_cannot_be_is_refused():
    with pytest.raises(ValueError, match="`flip` must be 0 to 1"):
        DetectionAugmentation(flip=2)
    with pytest.raises(ValueError, match="`zoom` must be two logarithms"):
        DetectionAugmentation(zoom=(1, 0))
    with pytest.raises(ValueError, match="Did you mean 'detect'"):
        get("detec")
    assert get(None) is None and get("detect") is DETECTION_AUGMENTATIONS["detect"]


@pytest.mark.parametrize("backend", [None, "torch"])
def test_batches_serve_photographs_on_every_backend(backend):
    train = kh.load_photographs("synthetic:10", split="train")
    arguments = {"augmentation": "detect", "shuffle": True, "backend": backend}
    if backend == "torch":
        pytest.importorskip("torch")
        samples = [*train.batches((64, 96), **arguments)]
        shapes = {(tuple(i.shape), tuple(label.shape)) for i, label in samples}
        assert len(samples) == 10 and shapes == {((64, 96, 3), (32, 5))}
        return
    batches = [*train.batches((64, 96), batch_size=4, **arguments)]
    assert [len(images) for images, _ in batches] == [4, 4, 2]
    assert tuple(batches[0][0].shape) == (4, 64, 96, 3)
    assert tuple(batches[0][1].shape) == (4, 32, 5)


def test_a_detector_fits_batches_of_photographs():
    train = kh.load_photographs("synthetic:2", split="train")
    detector = kh.PersonDetector(filters=8, image_size=32, depth=1)
    detector.compile("adam", kh.CenterLoss(), run_eagerly=True)
    history = detector.fit(train.batches(detector, batch_size=2), verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    with pytest.raises(ValueError, match="`model` must be a `StackedHourglass`"):
        kh.load_dataset("synthetic", 2).batches(detector)


def test_a_damaged_photograph_is_named_or_left_black_and_ignored(tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"no image")
    path = str(tmp_path / "broken.jpg")
    one = Photographs([path], [(np.nan,) * 2], ["train"], [[(0, 0, 9, 9)]], [[False]])
    preprocessor = PhotographPreprocessor(one, (64, 64), (16, 16))
    with pytest.raises(ImageDecodeError, match="broken.jpg"):
        Loader(preprocessor).load(0)
    ((images, labels),) = one.batches(64, broken="skip")
    assert not np.asarray(images).any()
    assert np.asarray(labels)[0].tolist() == [[0, 0, 16, 16, -1], *[[0] * 5] * 31]


def test_sizes_that_are_unknown_are_read_from_the_files(tmp_path):
    path = tmp_path / "photo.png"
    cv2.imwrite(str(path), np.full((48, 96, 3), 200, "uint8"))
    photographs = Photographs(
        **{"images": [str(path)], "sizes": [(np.nan, np.nan)], "splits": ["train"]},
        **{"boxes": [[[8, 4, 30, 40]]], "is_crowd": [[False]], "readers": [None]},
    )
    ((images, labels),) = photographs.batches(64, batch_size=1)
    np.testing.assert_allclose(np.asarray(images)[0, 20:44].min(), 200, atol=1)
    assert np.isnan(photographs.sizes).all(), "the caller's stay"


def test_padding_is_neither_trained_nor_scored():
    train = kh.load_photographs("synthetic:8", split="train")[[1, 2, 3]]
    loader = Loader(PhotographPreprocessor(train, (64, 96), (16, 24)))
    shards = Shard(0, 2, 4), Shard(1, 2, 4)  # padded to 4 photographs: 2 of each
    images, labels = map(
        np.concatenate,
        zip(*(BatchMaker(loader, 4, shard=shard)(0) for shard in shards)),
    )
    assert len(labels) == 4 and not images[3].any() and labels[3].any()
    maps = np.random.default_rng(0).normal(0, 2, (4, 1, 24, 16, 5)).astype("float32")
    padded, plain = kh.BoxAP(), kh.BoxAP()
    padded.update_state(labels, maps)
    plain.update_state(labels[:3], maps[:3])
    assert float(padded.photographs) == 3
    for total in ("true", "false", "people"):
        same = (keras.ops.convert_to_numpy(getattr(m, total)) for m in (padded, plain))
        np.testing.assert_array_equal(*same)
    loss = kh.CenterLoss()
    np.testing.assert_allclose(loss(labels, maps), loss(labels[:3], maps[:3]), 1e-5)
