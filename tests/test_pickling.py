"""Pickles and copies of what users hold: there and back, with equal behavior."""

import ast
import copy
import pickle
from importlib import import_module
from pathlib import Path

import keras
import numpy as np
import pytest

import keras_hourglass as kh
from keras_hourglass.data.augmentation import AUGMENTATIONS
from keras_hourglass.data.people import concatenate
from keras_hourglass.data.people.mixture import DatasetSpec, load_mixture
from keras_hourglass.data.pipeline.loader import Loader
from keras_hourglass.data.pipeline.preprocessing import Preprocessor
from keras_hourglass.data.pipeline.sampler import EpochSampler
from keras_hourglass.geometry import Window
from keras_hourglass.inference.pose import FramePoses
from keras_hourglass.inference.video import VideoWriter
from keras_hourglass.skeletons import MPII

TINY = {"stacks": 1, "filters": 8, "stem_filters": 4, "depth": 2, "image_size": 32}
ROOT = Path(kh.__file__).parent
COPIES = {
    f"protocol {protocol}": lambda value, protocol=protocol: pickle.loads(
        pickle.dumps(value, protocol)
    )
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1)
}
COPIES["deepcopy"] = copy.deepcopy


@pytest.fixture(params=COPIES.values(), ids=COPIES)
def duplicate(request):
    return request.param


def assert_equal(one, other):
    """Compares values of any kind, arrays to the bit."""
    assert type(one) is type(other)
    if isinstance(one, np.ndarray) and one.dtype != object:
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    elif isinstance(one, dict):
        assert [*one] == [*other]
        assert_equal([*one.values()], [*other.values()])
    elif isinstance(one, list | tuple | np.ndarray):
        for ours, theirs in zip(one, other, strict=True):
            assert_equal(ours, theirs)
    elif isinstance(one, kh.People | Preprocessor):
        assert_equal(vars(one), vars(other))
    else:
        assert one == other


VALUES = {
    "skeleton": lambda people: MPII,
    "people": lambda people: people,
    "person": lambda people: vars(people[0]),
    "augmentation": lambda people: AUGMENTATIONS["modern"],
    "preprocessor": lambda people: Preprocessor(people, (32, 32), (8, 8)),
    "specification": lambda people: DatasetSpec.parse("mpii:folder*0.5"),
    "mixture": lambda people: vars(load_mixture([DatasetSpec("synthetic", "3")], MPII)),
    "window": lambda people: Window.from_box(np.array([1.0, 2, 3, 4])).turned(0.5),
    "pose": lambda people: kh.Pose(
        people.joints[0], people.weights[0], np.arange(4.0), MPII
    ),
    "poses of a frame": lambda people: vars(FramePoses([], 0.5, 12)),
    "times of a frame": lambda people: kh.Frame(np.ones((4, 6, 3), "uint8"), 0.5, 12),
}


@pytest.mark.parametrize("name", VALUES)
def test_a_value_is_the_same_there_and_back(drawn, duplicate, name):
    value = VALUES[name](drawn)
    again = duplicate(value)
    assert again is not value or name in ("skeleton", "augmentation")
    assert_equal(again, value)
    if isinstance(value, kh.Frame):
        assert (again.time, again.index) == (0.5, 12)


def test_a_copy_of_a_loader_makes_the_same_samples(drawn, duplicate):
    sizes = (32, 32), (8, 8)
    loader = Loader(Preprocessor(drawn, *sizes, AUGMENTATIONS["modern"], seed=3))
    loader.load(1)
    loader.failures["image"] = "reason"
    again = duplicate(loader)
    assert again.failures == {"image": "reason"}
    assert_equal(again.load(2, turn=5), loader.load(2, turn=5))


def test_a_copy_of_a_sampler_has_the_same_order(duplicate):
    sampler = EpochSampler([20, 9], 4, shares=[0.5, 2], seed=3)
    sampler.batch(2)
    again = duplicate(sampler)
    assert [again.batch(n) for n in range(20)] == [sampler.batch(n) for n in range(20)]


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_a_copy_of_a_dataset_makes_the_same_batches(drawn, duplicate, backend):
    pytest.importorskip("torch" if backend == "torch" else "keras")
    dataset = drawn.batches(
        32, 4, augmentation="modern", shuffle=True, seed=2, backend=backend
    )
    dataset[0]
    images, labels = duplicate(dataset)[2]
    np.testing.assert_array_equal(images, dataset[2][0])
    np.testing.assert_array_equal(labels, dataset[2][1])


def test_copies_of_an_estimator_predict_the_same_keypoints():
    keras.utils.set_random_seed(0)
    network = kh.StackedHourglass(**TINY, offset=(0.25, -0.5))
    estimator = kh.PoseEstimator(
        network, flip=True, scales=(0.8, 1), passes=1, batch_size=3, detector=None
    )
    images = np.random.default_rng(0).integers(0, 256, (4, 40, 56, 3), "uint8")
    new = pickle.loads(pickle.dumps(estimator, 2))
    expected = estimator(images)
    for again in (new, *(make(estimator) for make in COPIES.values())):
        assert (again.flip, again.scales, again.passes) == (True, (0.8, 1), 1)
        assert (again.batch_size, again.decoder) == (3, estimator.decoder)
        for ours, theirs in zip(
            again.model.get_weights(), estimator.model.get_weights(), strict=True
        ):
            np.testing.assert_array_equal(ours, theirs)
    for again in (new, copy.deepcopy(estimator)):
        assert again(images) == expected
    state = estimator.__getstate__()
    del state["runtime"]  # as in pickles of version 0.4
    old = kh.PoseEstimator.__new__(kh.PoseEstimator)
    old.__setstate__(state)
    assert old.runtime == "keras" and old(images) == expected


def test_copies_of_an_evaluation_have_the_same_scores(drawn):
    keras.utils.set_random_seed(0)
    result = kh.evaluate(kh.StackedHourglass(**TINY), drawn[:4])
    assert 0 <= result.pckh <= 100  # kept, once it was computed
    for make in COPIES.values():
        again = make(result)
        assert again.to_dict() == result.to_dict() and str(again) == str(result)


@pytest.fixture
def film(tmp_path):
    path = tmp_path / "film.avi"
    with VideoWriter(path, 25) as writer:
        for value in range(3):
            writer.write(np.full((48, 64, 3), 60 * value, "uint8"))
    return path


def test_a_copy_of_a_video_is_opened_anew(film, duplicate):
    video = kh.Video(film)
    again = duplicate(video)
    assert (again.name, again.count) == (video.name, video.count)
    assert_equal([*map(np.array, again)], [*map(np.array, video)])
    with pytest.raises(TypeError, match="film.avi is closed, or read"):
        duplicate(video)


def test_a_video_that_is_being_read_has_no_copy(film, duplicate):
    video = kh.Video(film)
    next(iter(video))
    with pytest.raises(TypeError, match="it cannot be pickled or copied"):
        duplicate(video)


def test_fifty_thousand_people_are_pickled_as_columns(drawn):
    people = concatenate([drawn] * 3000)[:50_000]
    columns = [v for v in vars(people).values() if isinstance(v, np.ndarray)]
    numbers = sum(column.nbytes for column in columns if column.dtype != object)
    pickled = pickle.dumps(people)
    # Of a text that is shared, a reference of at most five bytes.
    texts = sum(5 * len(column) for column in columns if column.dtype == object)
    assert numbers < len(pickled) < numbers + texts + 10_000
    assert_equal(pickle.loads(pickled).joints, people.joints)


ERRORS = {  # class -> arguments
    "callbacks.diagnostics.NonFiniteError": ["Loss is NaN"],
    "data.images.safety.ImageDecodeError": ["a.jpg cannot be read: damaged"],
    "data.readers.files.DatasetError": ["no annotations in folder"],
    "data.readers.rows.SkipPerson": ["no usable joint"],
    "inference.video.reader.VideoDecodeError": ["a.mp4 cannot be opened"],
    "training.runs.config_file.OldRunError": [Path("run")],
    "inference.detectors.detector.DetectorError": ["detector 'x': it fails"],
    "training.distribution.ProcessLostError": [],
    "utils.Interrupted": ["Stopped"],
    "utils.folder_lock.FolderInUseError": ["folder is in use by process 1"],
}


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_is_the_same_there_and_back(name, duplicate):
    module, _, kind = name.rpartition(".")
    error = getattr(import_module(f"keras_hourglass.{module}"), kind)(*ERRORS[name])
    again = duplicate(error)
    assert type(again) is type(error) and str(again) == str(error)
    assert str(again).strip()


def test_every_error_of_the_library_is_tried():
    errors = {"Exception", "Error"}
    found = set()
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            bases = map(ast.unparse, getattr(node, "bases", []))
            if any(base.endswith(tuple(errors)) for base in bases):
                module = path.relative_to(ROOT).with_suffix("").parts
                module = [part for part in module if part != "__init__"]
                found.add(".".join([*module, node.name]))
    assert found == {*ERRORS}
