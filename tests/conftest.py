"""Fixtures that several test modules share: real data, and an image of one dot."""

import json
import struct
import tempfile
from contextlib import contextmanager
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest

from keras_hourglass import (
    Bottleneck,
    PersonDetector,
    PoseEstimator,
    StackedHourglass,
)
from keras_hourglass.data import datasets
from keras_hourglass.data.datasets import synthetic
from keras_hourglass.inference import views
from keras_hourglass.skeletons import MPII


def pytest_configure(config):
    """Keeps what JAX compiles in files: many tests compile the same network."""
    if keras.backend.backend() != "jax":
        return
    import jax

    folder = tempfile.TemporaryDirectory(prefix="jax_", ignore_cleanup_errors=True)
    config.add_cleanup(folder.cleanup)
    jax.config.update("jax_compilation_cache_dir", folder.name)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.05)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


@keras.saving.register_keras_serializable("tests")
class PointwiseBlock(Bottleneck):
    """One convolution: a network of it is built and trained in half the time."""

    def branch_layers(self):
        return [keras.layers.Conv2D(self.filters, 1, kernel_initializer="zeros")]


@pytest.fixture(scope="session")
def shared():
    """The folder of real pictures and annotations, which lies beside the checkout."""
    path = Path(__file__).parents[2] / "shared" / "data"
    if not path.is_dir():
        pytest.skip(f"needs the real data in {path}")
    return path


@pytest.fixture(scope="session")
def annotated(shared):
    """Everybody in MPII's annotations, whether their photograph is here or not."""
    people = datasets.load_dataset("mpii", shared / "mpii", missing="keep")
    assert not people.notes
    return people


@pytest.fixture
def small_disk():
    """A context in which no file gets longer than a number of bytes: as on a full disk.

    Linux raises "File too large" there.
    """
    resource = pytest.importorskip("resource")

    @contextmanager
    def limit(size):
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return limit


@pytest.fixture(scope="session")
def dotted():
    """Draws a soft white dot: (its place, size of the picture, radius) -> pixels."""

    def draw(place, size, radius):
        x, y = (np.arange(length) - at for length, at in zip(size, place))
        dot = np.exp(-0.5 * (y[:, None] ** 2 + x**2) / radius**2)
        return np.repeat(np.rint(255 * dot).astype("uint8")[..., None], 3, axis=-1)

    return draw


@pytest.fixture(scope="session")
def found():
    """Finds the one dot of a picture: pixels -> its place (x, y)."""

    def find(pixels):
        moments = cv2.moments(pixels[..., 1].astype("float32"))
        assert moments["m00"] > 0, "there is no dot"
        return np.array([moments["m10"], moments["m01"]]) / moments["m00"]

    return find


@pytest.fixture(scope="session")
def exif():
    """Makes an EXIF block with one entry before the tag, by CIPA DC-008."""

    def make(orientation, order=">", tag=0x0112):
        entries = [(0x010F, 2, 4, 0x4142), (tag, 3, 1, orientation)]
        block = {">": b"MM", "<": b"II"}[order] + struct.pack(order + "HIH", 42, 8, 2)
        for name, kind, count, value in entries:
            block += struct.pack(order + "HHIHH", name, kind, count, value, 0)
        return block + struct.pack(order + "I", 0)

    return make


@pytest.fixture(scope="session")
def with_exif():
    """Puts an EXIF block at the head of a JPEG: (its bytes, the block) -> bytes."""

    def put(data, block):
        length = struct.pack(">H", len(block) + 8)
        return data[:2] + b"\xff\xe1" + length + b"Exif\0\0" + block + data[2:]

    return put


@pytest.fixture(scope="session")
def as_stored():
    """The pixels to store so that they are shown so, by CIPA DC-008's table 4."""

    def turn(shown, orientation):
        return np.ascontiguousarray(
            {
                1: shown,
                2: shown[:, ::-1],
                3: shown[::-1, ::-1],
                4: shown[::-1],
                5: shown.transpose(1, 0, 2),
                6: np.rot90(shown),
                7: shown[::-1, ::-1].transpose(1, 0, 2),
                8: np.rot90(shown, -1),
            }[orientation]
        )

    return turn


@pytest.fixture(scope="session")
def drawn():
    """Drawn people: 12 to train and 5 to validate on."""
    people = synthetic.load_synthetic("12")
    return people[:17]


@pytest.fixture(scope="session")
def noise(tmp_path_factory):
    """A prepared folder of noise: eight people to train, seven to validate on."""
    folder, rng = tmp_path_factory.mktemp("noise"), np.random.default_rng(0)
    (folder / "images").mkdir()
    listed = []
    for number in range(15):
        pixels = rng.integers(0, 256, (48, 48, 3), dtype="uint8")
        cv2.imwrite(str(folder / f"images/{number}.png"), pixels)
        joints = rng.uniform(8, 40, (16, 2)).tolist()
        split = "train" if number < 8 else "val"
        listed.append({"image": f"{number}.png", "joints": joints, "split": split})
    contents = {"joint_names": MPII.joints, "people": listed}
    (folder / "annotations.json").write_text(json.dumps(contents))
    return folder


@pytest.fixture(scope="session")
def lively():
    """A small network of random weights: a new one's blocks do nothing yet."""
    keras.utils.set_random_seed(0)
    size = {"stacks": 1, "filters": 16, "stem_filters": 4, "depth": 1}
    model = StackedHourglass(image_size=(64, 48), offset=(0.3, -0.2), **size)
    random = np.random.default_rng(0)
    for weight in model.weights:
        if "kernel" in weight.path:
            scale = 1 / np.sqrt(np.prod(weight.shape[:-1]))
            weight.assign(random.normal(0, scale, weight.shape))
    return model


@pytest.fixture(scope="session")
def lively_detector():
    """A small detector of random weights, which is sure of some boxes."""
    keras.utils.set_random_seed(0)
    size = {"filters": 16, "stem_filters": 4, "depth": 1, "image_size": (64, 96)}
    model = PersonDetector(**size)
    random = np.random.default_rng(0)
    for weight in model.weights:
        if "kernel" in weight.path:
            scale = 1 / np.sqrt(np.prod(weight.shape[:-1]))
            weight.assign(random.normal(0, scale, weight.shape))
    head = model.get_layer("stack_1_heatmaps")
    head.kernel.assign(head.kernel * [20.0, 1.0, 1.0, 1.0, 1.0])
    head.bias.assign([-1.0, 1.0, 1.2, 1.0, 1.2])
    return model


@pytest.fixture(scope="session")
def photographs(shared):
    """Paths of 15 photographs of people, and their pixels at the size of `lively`."""
    paths = sorted((shared / "fixtures/coco_cc_by/images").glob("*.jpg"))
    pixels = [cv2.resize(cv2.imread(str(p))[..., ::-1], (48, 64)) for p in paths]
    return paths, np.stack(pixels)


@pytest.fixture(scope="session")
def joints_of_keras(lively, photographs):
    """Checks that an exported file of `lively` gives its joints on photographs.

    Both are given rounded crops, so that they differ in rounding errors alone: a
    network that has learnt nothing has many peaks of nearly the same height.
    """
    crop_views = views.crop_views

    def joints(model, **options):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(views, "crop_views", lambda *args: np.rint(crop_views(*args)))
            estimator = PoseEstimator(model, detector=None, **options)
            return np.stack([pose.joints for (pose,) in estimator(photographs[0])])

    def check(path, runtime, **options):
        found = joints(path, runtime=runtime, **options)
        assert found.shape == (15, 16, 2)
        distance = np.linalg.norm(found - joints(lively, **options), axis=-1)
        assert distance.max() < 0.05, np.quantile(distance, [0.5, 0.9, 0.99, 1])

    return check


@pytest.fixture
def no_snapshots(monkeypatch):
    """Runs draw no images of predictions: they take a third of a tiny run's time."""
    image = np.zeros((8, 8, 3), "uint8")
    for name in ("pose.snapshot_images", "detection.snapshot_boxes"):
        monkeypatch.setattr(
            f"keras_hourglass.training.tasks.{name}",
            lambda model, loader: {"predictions": image},
        )


@pytest.fixture
def eager(monkeypatch):
    """Networks are not compiled for training: for tiny ones that takes far longer."""
    if keras.backend.backend() == "jax":
        return  # the other way round
    compile = keras.Model.compile

    def compile_eagerly(self, *args, **kwargs):
        return compile(self, *args, **{**kwargs, "run_eagerly": True})

    # Where Keras defines it: elsewhere, loading would take it for a user's own.
    home = next(cls for cls in keras.Model.__mro__ if "compile" in vars(cls))
    monkeypatch.setattr(home, "compile", compile_eagerly)
