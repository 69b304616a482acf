"""Conversion, against an implementation of the network in PyTorch."""

import pickle
import runpy
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from click.testing import CliRunner

from keras_hourglass import (
    HeatmapLoss,
    PoseEstimator,
    Skeleton,
    StackedHourglass,
    convert,
    fuse,
)
from keras_hourglass.models.loading import load_model
from keras_hourglass.models.pytorch import checkpoint, from_torch, mapping, to_torch
from keras_hourglass.skeletons import COCO, MPII
from keras_hourglass.training.fine_tuning import network_config, transfer_weights
from keras_hourglass_cli import main as cli

torch = pytest.importorskip("torch")
TORCH = runpy.run_path(str(Path(__file__).with_name("torch_hourglass.py")))
SMALL = {"stacks": 2, "blocks": 2, "filters": 6, "stem_filters": 4, "depth": 2}
STEPS = checkpoint.STEP_COUNTER
TINY = {"stacks": 2, "blocks": 1, "filters": 4, "stem_filters": 2, "depth": 1}
PUBLISHED = {"stacks": 8, "blocks": 1, "filters": 256, "stem_filters": 64, "depth": 4}
IMAGES = np.random.default_rng(0).integers(0, 256, (2, 64, 128, 3), dtype="uint8")


def heatmaps(network, images=IMAGES):
    if isinstance(network, torch.nn.Module):
        with torch.no_grad():
            return network(images).numpy()
    return keras.ops.convert_to_numpy(network(images, training=False))


def call(*arguments, status=0):
    result = CliRunner().invoke(cli.main, [str(part) for part in arguments])
    assert result.exit_code == status, result.output
    return result


@pytest.fixture(scope="module")
def torch_model():
    return TORCH["trained"](**SMALL)


@pytest.fixture(scope="module")
def path(torch_model, tmp_path_factory):
    path = tmp_path_factory.mktemp("torch") / "weights.pth"
    torch.save(torch_model.state_dict(), path)
    return path


@pytest.fixture(scope="module")
def keras_model(path):
    return from_torch(path, image_size=(64, 128), offset=(0.25, -0.5))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """The file of a smaller one."""
    path = tmp_path_factory.mktemp("tiny") / "weights.pth"
    torch.save(TORCH["trained"](**TINY).state_dict(), path)
    return path


@pytest.fixture
def weights(tiny):
    return torch.load(tiny)


@pytest.mark.parametrize(
    "network",
    [
        {"stacks": 1, "blocks": 1, "filters": 4, "stem_filters": 6, "depth": 4},
        {**SMALL, "joints": 14},
        {**SMALL, "stacks": 8, "blocks": 1, "filters": 16, "depth": 1},
        pytest.param(PUBLISHED, marks=pytest.mark.slow),
    ],
    ids=["1 stack", "2 stacks", "8 stacks", "hg8"],
)
def test_heatmaps_are_those_of_pytorch(network, tmp_path):
    torch_model = TORCH["trained"](**network)
    torch.save(torch_model.state_dict(), tmp_path / "weights.pth")
    model = from_torch(tmp_path / "weights.pth", image_size=(64, 128))
    expected = heatmaps(torch_model)
    assert expected.shape[1] == network["stacks"] and expected.std() > 0.1
    np.testing.assert_allclose(heatmaps(model), expected, atol=1e-4)


@pytest.mark.parametrize("stacks, blocks, depth", [(1, 1, 3), (3, 2, 1)])
def test_every_weight_has_pytorchs_name_and_shape(stacks, blocks, depth):
    network = {**TINY, "stacks": stacks, "blocks": blocks, "depth": depth}
    weights = TORCH["Network"](**network).state_dict()
    weights = {name: weights[name] for name in weights if STEPS not in name}
    assert mapping.infer_config(weights) == network
    variables = mapping.torch_variables(StackedHourglass(**network, image_size=64))
    assert {*variables} == {*weights}
    assert len({id(variable) for variable in variables.values()}) == len(variables)
    for name, tensor in weights.items():
        array = np.empty(variables[name].shape)
        assert mapping.to_torch_layout(array).shape == tensor.shape


@pytest.mark.parametrize(
    "name, place",
    [
        ("conv1.weight", lambda m: m.get_layer("stem_convolution").kernel),
        ("bn1.weight", lambda m: m.get_layer("stem_norm").gamma),
        ("layer2.0.downsample.0.bias", lambda m: block(m, 2).shortcut.bias),
        ("layer3.0.conv2.weight", lambda m: block(m, 3).branch[5].kernel),
        ("hg.1.hg.1.0.1.bn1.bias", lambda m: top(m).up[1].branch[0].beta),
        ("hg.1.hg.1.2.0.conv1.bias", lambda m: top(m).back[0].branch[2].bias),
        ("hg.1.hg.0.1.0.conv3.bias", lambda m: low(m).down[0].branch[8].bias),
        (
            "hg.1.hg.0.3.1.bn3.running_var",
            lambda m: low(m).inner[1].branch[6].moving_variance,
        ),
        (
            "res.0.1.bn2.running_mean",
            lambda m: m.get_layer("stack_1_block_2").branch[3].moving_mean,
        ),
        ("fc.1.0.weight", lambda m: m.get_layer("stack_2_convolution").kernel),
        ("fc.0.1.bias", lambda m: m.get_layer("stack_1_norm").beta),
        ("score.1.bias", lambda m: m.get_layer("stack_2_heatmaps").bias),
        ("fc_.0.bias", lambda m: m.get_layer("stack_1_features_back").bias),
        ("score_.0.weight", lambda m: m.get_layer("stack_1_heatmaps_back").kernel),
    ],
)
def test_a_name_is_the_weight_worked_out_by_hand(keras_model, name, place):
    assert mapping.torch_variables(keras_model)[name] is place(keras_model)


def block(model, number):
    return model.get_layer(f"stem_block_{number}")


def top(model):
    return model.get_layer("stack_2")


def low(model):
    return top(model).inner[0]


def test_a_round_trip_is_exact_to_the_bit(keras_model, torch_model, tmp_path):
    to_torch(keras_model, tmp_path / "back.pth")
    back, before = torch.load(tmp_path / "back.pth"), torch_model.state_dict()
    TORCH["Network"](**SMALL).load_state_dict(back, strict=True)
    assert {*back} == {*before}
    for name in back:
        same = torch.equal(back[name], before[name])
        assert same or name.endswith(STEPS)
    again = checkpoint.read_checkpoint(tmp_path / "back.pth")
    for name, variable in mapping.torch_variables(keras_model).items():
        kept = keras.ops.convert_to_numpy(variable)
        np.testing.assert_array_equal(mapping.to_keras_layout(again[name]), kept)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda w: {"state_dict": w, "epoch": 3, "arch": "hg", "best": torch.ones(1)},
        lambda w: {"state_dict": {f"module.{n}": w[n] for n in w}, "optimizer": {}},
        lambda w: {"state_dict": w, "best_acc": np.float64(0.9), "epoch": np.int64(3)},
        lambda w: {n: w[n].double() for n in w if not n.endswith(STEPS)},
    ],
    ids=["training script", "several GPUs", "NumPy's numbers", "old, 64 bits"],
)
@pytest.mark.parametrize("zipped", [True, False])
def test_weights_are_read_from_every_kind_of_file(wrap, zipped, weights, tmp_path):
    path = tmp_path / "x.pth.tar"
    torch.save(wrap(weights), path, _use_new_zipfile_serialization=zipped)
    arrays = checkpoint.read_checkpoint(path)
    assert {*arrays} == {name for name in weights if STEPS not in name}
    for name, array in arrays.items():
        assert array.dtype == "float32"
        np.testing.assert_array_equal(array, weights[name].numpy())


def test_numbers_of_old_numpy_are_read_too(tmp_path):
    """Files name their constructor, which was in another module before NumPy 2."""
    path, content = tmp_path / "x.pth", {"w": torch.ones(2), "best": np.float64(0.5)}
    torch.save(content, path, _use_new_zipfile_serialization=False)
    old = path.read_bytes().replace(b"numpy._core", b"numpy.core")
    assert b"numpy.core.multiarray" in old
    path.write_bytes(old)
    np.testing.assert_array_equal(checkpoint.read_checkpoint(path)["w"], [1, 1])


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda w: w.pop("hg.1.hg.0.3.0.bn3.running_var"), "1 missing: hg.1.hg.0.3.0"),
        (lambda w: w.update({"layer4.w": torch.ones(1)}), "1 unexpected: layer4.w"),
        (
            lambda w: w.update({"fc.0.0.weight": torch.ones(4, 5, 1, 1)}),
            r"1 of another shape: fc.0.0.weight \(4, 5, 1, 1\), not \(4, 4, 1, 1\)",
        ),
        (
            lambda w: [w.pop(name) for name in [*w] if name.startswith("hg.1.hg.0.1")],
            r"18 missing: \S+bn1.weight, \S+bn1.bias, \S+bn1.running_mean, ...$",
        ),
        (
            lambda w: w.update({"score.0.weight": torch.ones(2)}),
            r"a kernel score.0.weight. Received: one with conv1.weight, conv1.bias, ",
        ),
        (lambda w: w.pop("res.0.0.conv1.weight"), "a kernel res.0.0.conv1.weight. "),
        (lambda w: w.pop("score.1.weight"), "unexpected: .*hg.1"),
        (lambda w: w.update({"conv1.weight": torch.ones(3, 3, 7, 7)}), r"not \(3,\)"),
    ],
)
def test_a_checkpoint_of_another_network_lists_the_first_names(
    change, message, weights, tmp_path
):
    change(weights)
    torch.save(weights, tmp_path / "x.pth")
    with pytest.raises(ValueError, match=message) as refusal:
        from_torch(tmp_path / "x.pth", image_size=64)
    assert len(str(refusal.value).splitlines()) == 1


def damaged(path):
    torch.save({"weight": torch.ones(99)}, path)
    path.write_bytes(path.read_bytes()[:-40])


class Foreign(torch.nn.Module):
    """A class whose code is not available to the reader."""


@pytest.mark.parametrize(
    "write, message",
    [
        (lambda p: torch.save(Foreign(), p), r"more than weights \(\S+Foreign\).*save"),
        (
            lambda p: torch.jit.script(torch.nn.ReLU()).save(p),
            r"more than weights \(TorchScript\)",
        ),
        (lambda p: p.write_text("no checkpoint"), "no readable PyTorch checkpoint.$"),
        (lambda p: p.write_bytes(b""), "no readable PyTorch checkpoint.$"),
        (lambda p: p.write_bytes(pickle.dumps({"a": 1})), "PyTorch checkpoint.$"),
        (damaged, "no readable PyTorch checkpoint. .*corrupted"),
        (lambda p: torch.save([1], p), "weights by name.*a list"),
        (lambda p: torch.save({"state_dict": [1]}, p), "weights by name.*a list"),
        (lambda p: torch.save({"epoch": 1}, p), "weights by name.*a dict"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_a_file_of_another_kind_is_an_error_of_one_line(write, message, tmp_path):
    write(tmp_path / "x.pth")
    with pytest.raises(ValueError, match=message) as refusal:
        checkpoint.read_checkpoint(tmp_path / "x.pth")
    assert len(str(refusal.value).splitlines()) == 1


def test_the_skeleton_is_the_named_one_with_as_many_joints_or_the_one_given():
    arrays = {"score.0.weight": np.ones((16, 6, 1, 1))}
    assert mapping.infer_skeleton(arrays) == MPII
    assert mapping.infer_skeleton({"score.0.weight": np.ones((17, 6, 1, 1))}) == COCO
    arrays["score.0.weight"] = np.ones((3, 6, 1, 1))
    own = Skeleton(("left_eye", "right_eye", "nose"))
    assert mapping.infer_skeleton(arrays, own) == own
    with pytest.raises(ValueError, match="which 3 joints.*mpii, lsp, coco are 16, 14"):
        mapping.infer_skeleton(arrays)
    with pytest.raises(ValueError, match="must have 3 joints.*Received: 16"):
        mapping.infer_skeleton(arrays, "mpii")


def test_blocks_that_pytorch_does_not_have_are_refused(tmp_path):
    model = StackedHourglass(1, "ghost", filters=4, stem_filters=2, image_size=64)
    with pytest.raises(ValueError, match="residual blocks.*block='ghost'"):
        to_torch(model, tmp_path / "x.pth")
    model = StackedHourglass(1, filters=(4, 8), depth=1, image_size=64)
    with pytest.raises(ValueError, match=r"at all sizes.*filters=\(4, 8\)"):
        to_torch(model, tmp_path / "x.pth")
    assert not [*tmp_path.iterdir()]


def test_without_pytorch_the_extra_is_named(path, keras_model, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match=r"\.\[torch\]"):
        from_torch(path)
    with pytest.raises(ImportError, match=r"\.\[torch\]"):
        to_torch(keras_model, path)


def test_convert_goes_both_ways_and_saves(tiny, tmp_path):
    file, back = tmp_path / "new/model.keras", tmp_path / "back/weights.pth"
    model = convert(tiny, file, image_size=64, offset=(0.5, -0.25))
    assert model.offset == (0.5, -0.25) and model.image_size == (64, 64)
    assert load_model(file).get_config() == model.get_config()
    before = torch.load(tiny)
    for source in (file, str(file), model):
        assert convert(source, back).get_config() == model.get_config()
        after = torch.load(back)
        assert {*before} == {*after}
        for name in mapping.torch_variables(model):
            assert torch.equal(before[name], after[name])
    file.rename(file.with_name("MODEL.KERAS"))
    convert(file.with_name("MODEL.KERAS"), back.with_suffix(".PTH"))
    assert {*torch.load(back.with_suffix(".PTH"))} == {*before}
    own = Skeleton(tuple(f"marker_{number}" for number in range(16)))
    assert convert(tiny, image_size=64, skeleton=own).skeleton == own


def test_an_offset_that_a_checkpoint_cannot_hold_is_a_warning(tmp_path, caplog):
    shape = {"filters": 4, "stem_filters": 2, "depth": 1, "image_size": 64}
    model = StackedHourglass(1, offset=(0.5, 0), **shape)
    convert(model, tmp_path / "weights.pth")
    assert "no place for the network's offset (0.5, 0)" in caplog.text


def test_endings_and_arguments_that_do_not_fit_are_errors(tiny, tmp_path):
    model = StackedHourglass(1, filters=4, stem_filters=2, depth=1, image_size=64)
    for target in ("x.pth", "y", "x.KERAS"):  # which Keras does not read
        with pytest.raises(ValueError, match=f"end in '.keras'.*target='{target}'"):
            convert(tiny, target)
    for target in (None, "x.keras", "x.txt", "x"):
        with pytest.raises(ValueError, match="such as 'weights.pth'.*target="):
            convert(model, target)
    with pytest.raises(ValueError, match="`skeleton` must not be given.*'coco'"):
        convert(model, tmp_path / "x.pth", skeleton="coco")
    with pytest.raises(ValueError, match="`offset` must not be given"):
        convert("photo", tmp_path / "x.pth", offset=(0, 0))
    with pytest.raises(ValueError, match="residual blocks.*block='separable'"):
        convert("photo", tmp_path / "x.pth")
    with pytest.raises(ValueError, match="not its fused form"):
        convert(fuse(model), tmp_path / "x.pth")
    with pytest.raises(FileNotFoundError, match="`source` must be.*'none.pth'"):
        convert("none.pth")
    assert not [*tmp_path.iterdir()]


def test_the_command_converts_both_ways(tiny, tmp_path):
    model, back = tmp_path / "new/model.keras", tmp_path / "back/weights.pth"
    options = ["--image-size", 64, "--offset", 0.5, -0.25]
    printed = call("convert", tiny, model, *options).output
    assert "stacks 2, blocks 1, depth 1, filters 4, 16 joints" in printed
    network = load_model(model)
    assert network.offset == (0.5, -0.25) and network.image_size == (64, 64)
    call("convert", model, back)
    before, after = torch.load(tiny), torch.load(back)
    assert {*before} == {*after}
    assert all(
        torch.equal(before[name], after[name])
        for name in mapping.torch_variables(network)
    )


def test_the_command_refuses_what_makes_no_sense(tiny, tmp_path):
    for target in ("x.pth", "y"):
        printed = call("convert", tiny, tmp_path / target, status=1).stderr
        assert "must end in '.keras'" in printed
    (tmp_path / "m.keras").write_text("nothing")
    command = "convert", tmp_path / "m.keras", tmp_path / "x.pth"
    assert "must not be given" in call(*command, "--offset", 1, 1, status=1).stderr
    assert "must be a readable Keras model" in call(*command, status=1).stderr
    assert "`SOURCE` must be" in call("convert", "no.pth", "y.keras", status=1).stderr
    printed = call("convert", "people", tmp_path / "x.pth", status=1).stderr
    assert "`SOURCE` must be a StackedHourglass" in printed


def test_a_converted_network_predicts_and_trains(tiny):
    converted = from_torch(tiny, image_size=64, offset=(0.5, 0))
    ((pose,),) = PoseEstimator(converted)([IMAGES[0]], [[0, 0, 128, 64]])
    assert pose.names == MPII.joints and np.isfinite(pose.joints).all()
    model = StackedHourglass(**network_config(converted))  # as `train --from` begins
    assert not transfer_weights(converted, model).new
    before = model.get_weights()
    model.compile("adam", HeatmapLoss(), run_eagerly=True)
    model.fit(IMAGES[:, :, :64], np.ones((2, 16, 4), "float32"), verbose=0)
    assert all(np.isfinite(weight).all() for weight in model.get_weights())
    assert any(np.any(a != b) for a, b in zip(before, model.get_weights()))
