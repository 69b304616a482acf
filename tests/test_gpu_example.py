"""The example of training on a GPU is the library's network, loss and samples."""

import json
import sys
from importlib import import_module
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest

import keras_hourglass as kh

pytest.importorskip("jax", reason="examples/gpu is a JAX program")
import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402

FOLDER = Path(__file__).parent.parent / "examples" / "gpu"
sys.path.insert(0, str(FOLDER))
network, samples, shards, learning, prepare, train, finish = map(
    import_module,
    ("network", "samples", "shards", "learning", "prepare", "train", "finish"),
)
sys.path.remove(str(FOLDER))

SIZE = 64
SMALL = {"stacks": 2, "filters": 12, "stem_filters": 4, "depth": 2}


@pytest.fixture(scope="module")
def model():
    return kh.StackedHourglass(block="separable", image_size=SIZE, **SMALL)


@pytest.fixture
def pair(model):
    """A Keras model and a tree of the same random weights."""
    random = np.random.default_rng(0)
    values = [random.normal(0, 0.2, weight.shape) for weight in model.weights]
    values = [
        1 + abs(value) if weight.name in ("gamma", "moving_variance") else value
        for weight, value in zip(model.weights, values)
    ]
    model.set_weights(values)
    leaves, structure = jax.tree.flatten(network.create(16, **SMALL))
    assert [leaf.shape for leaf in leaves] == [value.shape for value in values]
    return model, jax.tree.unflatten(structure, [jnp.float32(v) for v in values])


@pytest.fixture(scope="module")
def images():
    shape = (2, SIZE, SIZE, 3)
    return np.random.default_rng(1).integers(0, 256, shape).astype("float32")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A smooth photograph of two labeled people, and its shards, without loss."""
    folder = tmp_path_factory.mktemp("smooth")
    x, y = np.meshgrid(np.arange(300), np.arange(240))
    waves = [np.sin(x / 13), np.cos(y / 15), np.sin((x + y) / 17)]
    for name in ("a.png", "b.png"):  # b, the same, validates
        cv2.imwrite(str(folder / name), np.rint(128 + 90 * np.stack(waves, -1)))
    names = kh.load_dataset("synthetic:1").skeleton.joints
    random, people = np.random.default_rng(0), []
    for box in ([70, 40, 60, 120], [140, 60, 90, 70]):
        low, high = np.array(box[:2]), np.array(box[:2]) + box[2:]
        joints = random.uniform(low, high, (16, 2)).tolist()
        present = [1] * 14 + [0] * 2
        people.append({"image": "a.png", "box": box, "joints": joints})
        people[-1] |= {"present": present, "split": "train"}
    people.append({**people[0], "image": "b.png", "split": "val"})
    content = {"joint_names": names, "people": people}
    (folder / "people.json").write_text(json.dumps(content))
    output = folder / "shards"
    prepare.main([f"own:{folder}*3"], output, image_size=SIZE, quality=101)
    return kh.load_dataset("own", folder).split("train"), output


def test_initial_weights_are_distributed_as_keras_draws_them():
    keras.utils.set_random_seed(0)
    model = kh.StackedHourglass(block="separable", image_size=SIZE, **SMALL)
    for weight, leaf in zip(
        model.weights, jax.tree.leaves(network.create(16, **SMALL))
    ):
        value, spread = np.asarray(weight), np.std(leaf)
        assert np.isclose(value.mean(), leaf.mean(), atol=spread + 1e-6), weight.path
        assert (spread == 0) == (value.std() == 0), weight.path
        assert spread <= 2 * value.std() and value.std() <= 2 * spread, weight.path


@pytest.mark.parametrize("learns", [False, True])
def test_network_is_that_of_keras(pair, images, learns):
    model, net = pair
    expected = keras.ops.convert_to_numpy(model(images, training=learns))
    heatmaps, _ = jax.jit(network.apply, static_argnums=2)(net, images, learns)
    error = abs(np.asarray(heatmaps) - expected).max()
    assert error <= 1e-4 * abs(expected).max()


def test_statistics_are_not_learned_and_are_moments(pair, images):
    model, net = pair
    mask = jax.tree.leaves(network.learned(net))
    frozen = [w for w, learned in zip(model.weights, mask) if not learned]
    assert {w.name for w in frozen} == {"moving_mean", "moving_variance", "bias"}
    heads = [w.path for w, m in zip(model.weights, mask) if m and w.name == "bias"]
    assert [path.split("/")[-2] for path in heads] == [
        "stack_1_heatmaps",
        "stack_2_heatmaps",
    ]
    _, seen = jax.jit(network.apply, static_argnums=2)(net, images, True)
    before = np.asarray(net.norm.mean), np.asarray(net.norm.variance)
    layer = model.get_layer("stem_norm")
    model(images, training=True)
    got = 0.9 * before[0] + 0.1 * seen.norm.mean
    np.testing.assert_allclose(got, np.asarray(layer.moving_mean), rtol=1e-4)
    got = 0.9 * before[1] + 0.1 * seen.norm.variance
    np.testing.assert_allclose(got, np.asarray(layer.moving_variance), rtol=1e-4)


def test_biases_that_are_not_learned_have_no_gradient(images):
    net = network.create(2, stacks=2, filters=4, stem_filters=2, depth=1)
    random = np.random.default_rng(0)
    net = jax.tree.map(lambda w: w + random.normal(0, 0.1, w.shape), net)
    target = random.normal(size=(2, 2, 8, 8, 2))

    def loss(net):
        heatmaps, _ = network.apply(net, images[:, :32, :32], learns=True)
        return ((heatmaps - target) ** 2).sum()

    gradient = jax.jit(jax.grad(loss))(net)
    sizes = jax.tree.map(lambda g: float(abs(g).max()), gradient)
    parts = jax.tree.leaves(sizes, is_leaf=network.is_part)
    biases = [p.bias for p in parts if isinstance(p, network.Convolution)]
    heads = [p.bias for p in parts if isinstance(p, network.Head)]
    assert len(biases) == sum(isinstance(p, network.Convolution) for p in parts)
    assert max(biases) < 1e-3 * min(heads)


def test_loss_is_that_of_the_library():
    random = np.random.default_rng(0)
    heatmaps = random.normal(0, 0.3, (3, 2, 16, 16, 5)).astype("float32")
    labels = np.ones((3, 5, 4), "float32")
    labels[..., :2] = random.uniform(0, 15, (3, 5, 2))
    labels[..., 2] = random.choice([0, 0.5, 1], (3, 5))
    absent = np.zeros((3, 5), bool)
    loss, _ = learning.heatmap_loss(
        heatmaps, labels[..., :2], labels[..., 2], jnp.array(absent)
    )
    expected = float(kh.HeatmapLoss(1, learning.FOREGROUND)(labels, heatmaps))
    assert float(loss) == pytest.approx(expected, rel=1e-5)


def test_joints_outside_are_trained_to_empty_heatmaps():
    heatmaps = np.full((1, 1, 4, 4, 1), 0.5, "float32")
    joint, weight = jnp.array([[[1.0, 2.0]]]), jnp.ones((1, 1))
    loss, _ = learning.heatmap_loss(heatmaps, joint, weight, jnp.array([[True]]))
    assert float(loss) == 16 * 0.25


def test_found_counts_joints_near_their_labels():
    heatmaps = np.zeros((1, 1, 40, 40, 2), "float32")
    heatmaps[0, 0, 7, 9, 0] = heatmaps[0, 0, 30, 30, 1] = 1
    joints, present = jnp.array([[[10.0, 8.0], [9.0, 7.0]]]), jnp.zeros((1, 2), bool)
    _, found = learning.heatmap_loss(heatmaps, joints, jnp.ones((1, 2)), present)
    assert float(found) == 0.5


def test_shards_hold_a_number_of_bytes_and_are_not_mixed(prepared, tmp_path):
    made = [(b"x" * size, size) for size in (3, 4, 5, 12, 1, 2)]
    groups = [[size for _, size in group] for group in prepare.fill_shards(made, 8)]
    assert groups == [[3, 4], [5], [12], [1, 2]]
    with pytest.raises(SystemExit, match="no shards yet"):
        prepare.main(["synthetic:2"], prepared[1])
    with pytest.raises(SystemExit, match="no shards in"):
        shards.read(tmp_path, SIZE)


def test_whole_view_is_the_sample_of_the_library(prepared):
    people, folder = prepared
    read, share, _ = shards.read(folder, SIZE)
    assert len(share) == 2 and (share == 3).all()
    batches = people.batches(SIZE, batch_size=2)
    pixels, labels = (keras.ops.convert_to_numpy(part) for part in next(iter(batches)))
    for row in range(2):
        view = samples.whole_view(read, row)
        image, joints, weights = samples.crop(read, row, view, SIZE)
        points, outside = samples.to_heatmap(joints, SIZE)
        weights = np.asarray(weights)
        # Shards are in random order: a label finds its person.
        errors = abs(labels[:, :14, :2] - np.asarray(points)[:14]).max((1, 2))
        match = errors.argmin()
        assert errors[match] < 1e-3 and not outside[:14].any()
        np.testing.assert_array_equal(weights, labels[match, :, 2])
        assert abs(pixels[match] - np.asarray(image)).max() <= 2


def test_a_flip_mirrors_pixels_and_exchanges_sides(prepared):
    read, _, skeleton = shards.read(prepared[1], SIZE)
    assert json.loads(skeleton) == "mpii"
    view = samples.whole_view(read, 0)
    image, joints, weights = samples.crop(read, 0, view, SIZE)
    mirrored = samples.crop(read, 0, view._replace(flipped=True), SIZE)
    order = list(kh.load_dataset("synthetic:1").skeleton.flip_indices)
    np.testing.assert_allclose(mirrored[0], image[:, ::-1], atol=0.01)
    expected = np.array([SIZE - 1, 0]) + np.array([-1, 1]) * joints
    np.testing.assert_allclose(mirrored[1], expected[np.array(order)], atol=1e-3)
    np.testing.assert_array_equal(mirrored[2], np.asarray(weights)[order])


def test_joints_keep_their_places_under_any_view(prepared):
    """Each joint's color on the sample is its color on the photograph."""
    read, _, _ = shards.read(prepared[1], SIZE)
    view = samples.View(jnp.array([60.0, 52.0]), 90.0, 0.4, True)
    image, joints, _ = samples.crop(read, 0, view, SIZE)
    crop = np.asarray(read.pixels[0]).view("uint8").reshape(*read.pixels.shape[1:], 4)
    inside, order = 0, np.asarray(read.flip)
    for at, source in zip(np.asarray(joints)[:14], np.asarray(read.joints[0])[order]):
        if (at > 1).all() and (at < SIZE - 2).all() and source.any():
            here = cv2.getRectSubPix(np.asarray(image, "float32"), (1, 1), at.tolist())
            there = crop[..., :3].astype("float32")
            there = cv2.getRectSubPix(there, (1, 1), source.tolist())
            np.testing.assert_allclose(here, there, atol=4)
            inside += 1
    assert inside >= 5


def test_batches_are_augmented_within_bounds(prepared):
    read, _, _ = shards.read(prepared[1], SIZE)
    rows = jnp.arange(16) % 2
    make = jax.jit(samples.make_batch, static_argnums=3)
    image, joints, weights, absent = make(read, rows, jax.random.key(0), SIZE)
    assert image.shape == (16, SIZE, SIZE, 3) and joints.shape == (16, 16, 2)
    assert image.min() >= 0 and image.max() <= 255 and np.isfinite(joints).all()
    beyond = ((joints < -0.5) | (joints > SIZE / 4 - 0.5)).any(-1)
    assert (absent | ~beyond).all() and not absent.all()
    assert len({array.tobytes() for array in np.asarray(image)}) == 16


def test_a_large_gradient_is_clipped_and_a_broken_step_left_out():
    initial = network.create(2, stacks=1, filters=4, stem_filters=2, depth=1)
    x, label = jnp.ones((2, 16, 16, 3)), (jnp.ones((2, 2, 2)), jnp.ones((2, 2)))
    absent = jnp.zeros((2, 2), bool)
    learner = learning.Learner(
        initial, lambda scale, _: (x * scale, *label, absent), dtype="float32"
    )
    step = jax.jit(learner.step)
    state, (_, _, norm) = step(learner.start(), None, 10.0, 1.0)
    assert float(state.norm) == float(norm) and float(state.step) == 1
    tiny = state._replace(norm=norm / 1e3)
    clipped, _ = step(tiny, None, 10.0, 1.0)
    moved = clipped.mean - 0.9 * tiny.mean
    assert float(jnp.linalg.norm(moved)) <= 0.1 * 2.001 * float(tiny.norm)
    broken, _ = step(state, None, 10.0, jnp.nan)
    assert all((a == b).all() for a, b in zip(broken, state))


def test_training_ends_in_a_keras_file(prepared, tmp_path, monkeypatch):
    people, folder = prepared
    monkeypatch.setattr(train, "CHUNK", 2)
    weights, output = tmp_path / "weights.npz", tmp_path / "model.keras"
    small = {**SMALL, "stacks": 1, "depth": 1, "image_size": SIZE}
    state = train.main(folder, weights, steps=4, batch_size=2, **small)
    assert float(state.step) == 4
    finish.main(weights, folder, output, batches=2, batch_size=4)
    model = kh.load_model(output)
    values, config = finish.load(weights)
    assert config == {**small, "skeleton": "mpii"}
    for weight, value in zip(model.weights, values):
        if "moving" not in weight.name:
            np.testing.assert_array_equal(np.asarray(weight), value)
    images, _ = next(iter(people.batches(model, batch_size=2)))
    assert np.isfinite(keras.ops.convert_to_numpy(model(images))).all()
