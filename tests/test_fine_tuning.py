"""Fine-tuning: weights of another network, by name and joint, and frozen layers."""

import numpy as np
import pytest

from keras_hourglass import StackedHourglass, fuse, load_model
from keras_hourglass.models.blocks import BLOCKS
from keras_hourglass.skeletons import COCO, MPII, Skeleton
from keras_hourglass.training.fine_tuning import (
    freeze_layers,
    network_config,
    transfer_weights,
)

NETWORK = {"stacks": 2, "filters": 4, "stem_filters": 2, "depth": 1, "image_size": 32}


def network(**changes):
    model = StackedHourglass(**{**NETWORK, **changes})
    rng = np.random.default_rng(len(model.weights))
    model.set_weights([rng.normal(size=w.shape) for w in model.weights])
    return model


def test_the_same_network_gets_all_of_it():
    source, target = network(), StackedHourglass(**NETWORK)
    report = transfer_weights(source, target)
    assert (
        not report.new
        and not report.joints
        and str(report).startswith(f"{len(report.kept)} of {len(report.kept)} layers")
    )
    for a, b in zip(source.get_weights(), target.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_another_skeleton_keeps_the_joints_of_the_same_name():
    source, target = network(), network(skeleton="coco", image_size=64)
    before = target.get_layer("stack_1_heatmaps").get_weights()
    report = transfer_weights(source, target)
    assert not report.new and {"nose", "left_eye"} <= {*report.joints}
    loaded, lost = str(report).split("; joints initialized at random: ")
    assert "; joints loaded: left_shoulder, " in loaded and "left_knee" in loaded
    assert lost == "nose, left_eye, right_eye, left_ear, right_ear"
    assert (*report.joints, *report.kept_joints) == COCO.joints
    kernel, bias = target.get_layer("stack_1_heatmaps").get_weights()
    back, back_bias = target.get_layer("stack_1_heatmaps_back").get_weights()
    old, old_bias = source.get_layer("stack_1_heatmaps").get_weights()
    old_back, old_back_bias = source.get_layer("stack_1_heatmaps_back").get_weights()
    here, there = COCO.joints.index("left_knee"), MPII.joints.index("left_knee")
    np.testing.assert_array_equal(kernel[..., here], old[..., there])
    assert bias[here] == old_bias[there]
    np.testing.assert_array_equal(back[:, :, here], old_back[:, :, there])
    np.testing.assert_array_equal(back_bias, old_back_bias)
    nose = COCO.joints.index("nose")
    np.testing.assert_array_equal(kernel[..., nose], before[0][..., nose])


def test_the_preset_begins_the_network_of_an_animal():
    source = load_model("photo")
    own = Skeleton(("snout", "Hip L", "hip_right", "tail base"))
    target = StackedHourglass(**{**network_config(source), "skeleton": own})
    report = transfer_weights(source, target)
    assert not report.new and report.joints == ("snout", "tail base")
    assert report.kept_joints == ("Hip L", "hip_right")


def test_layers_that_do_not_fit_are_random_and_named():
    report = transfer_weights(network(stacks=1), network(depth=2, image_size=64))
    assert "stack_1" in report.new and "stack_2_heatmaps" in report.new
    assert "stem_block_1" in report.kept and "stack_1_heatmaps" in report.kept
    narrower = transfer_weights(network(filters=6), network())
    assert {"stack_1_heatmaps", "stack_1_heatmaps_back"} <= {*narrower.new}
    assert "stem_convolution" in narrower.kept
    assert not narrower.kept_joints and narrower.joints == MPII.joints
    assert "joints loaded: none" in str(narrower)


@pytest.mark.parametrize(
    "filters", [(4, 8), (4, (8, 12)), (4, (8, 4)), ((4, 6), (8, 12))]
)
@pytest.mark.parametrize("block", BLOCKS)
def test_a_wider_network_predicts_what_the_source_does(block, filters):
    source = network(block=block, filters=filters[0])
    target = StackedHourglass(
        **NETWORK | {"filters": filters[1], "stem_filters": 6}, block=block
    )
    report = transfer_weights(source, target)
    if not BLOCKS[block].widens:
        assert "stack_1" in report.new and not report.kept_joints
        return
    assert not report.new and report.kept_joints == MPII.joints
    images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), "uint8")
    a, b = (model.predict_on_batch(images) for model in (source, target))
    np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4 * np.abs(a).max())
    # The further channels are neither dead nor all alike.
    (kernel, _) = target.get_layer("stack_1_convolution").get_weights()
    assert np.ptp(kernel[0, 0, :, 4:], axis=0).all()
    assert not kernel[0, 0, 4:, :4].any()


def test_a_wider_network_keeps_the_joints_of_the_same_name():
    source, target = network(filters=4), network(filters=6, skeleton="coco")
    before = target.get_layer("stack_1_heatmaps_back").get_weights()[0]
    assert "nose" in transfer_weights(source, target).joints
    here, there = COCO.joints.index("left_knee"), MPII.joints.index("left_knee")
    kernel, _ = target.get_layer("stack_1_heatmaps").get_weights()
    old, _ = source.get_layer("stack_1_heatmaps").get_weights()
    np.testing.assert_array_equal(kernel[0, 0, :4, here], old[0, 0, :, there])
    assert not kernel[0, 0, 4:, here].any()
    back, _ = target.get_layer("stack_1_heatmaps_back").get_weights()
    old, _ = source.get_layer("stack_1_heatmaps_back").get_weights()
    np.testing.assert_array_equal(back[0, 0, here, :4], old[0, 0, there])
    np.testing.assert_array_equal(back[0, 0, here, 4:], before[0, 0, here, 4:])


@pytest.mark.parametrize("common", [(), ("pelvis",), ("right_hip", "left_hip")])
def test_any_skeleton_keeps_the_trunk_and_the_joints_in_common(common):
    own = Skeleton(("tail base", *common, "left_ear", "right_ear"))
    source, target = network(), StackedHourglass(**NETWORK, skeleton=own)
    before = {layer.name: layer.get_weights() for layer in target.layers}
    report = transfer_weights(source, target)
    assert report.kept_joints == common
    assert report.joints == ("tail base", "left_ear", "right_ear")
    for layer in target.layers:
        old = source.get_layer(layer.name).get_weights()
        is_head = layer.name.endswith(("_heatmaps", "_heatmaps_back"))
        assert (layer.name in report.new) == bool(is_head and not common)
        if not is_head:
            for a, b in zip(old, layer.get_weights()):
                np.testing.assert_array_equal(a, b)
        elif layer.name.endswith("_heatmaps"):
            kernel, bias = layer.get_weights()
            for joint in own.joints:
                here, there = own.joints.index(joint), MPII.joints
                if joint in common:
                    expected = old[0][..., there.index(joint)]
                    assert bias[here] == old[1][there.index(joint)]
                else:
                    expected = before[layer.name][0][..., here]
                np.testing.assert_array_equal(kernel[..., here], expected)


def test_arguments_make_a_network_that_fits_but_for_the_offset():
    source = network(block="ghost", offset=(0.5, 0.25))
    target = StackedHourglass(**network_config(source))
    assert target.offset == (0, 0) and not transfer_weights(source, target).new


@pytest.mark.parametrize("names", [["stem"], ["stack_1"], ["stem", "stack_1_block_1"]])
def test_frozen_layers_are_those_of_the_names(names):
    model = StackedHourglass(**NETWORK)
    every = sum(np.prod(w.shape) for w in model.trainable_weights)
    count = freeze_layers(model, names)
    frozen = [layer.name for layer in model.layers if not layer.trainable]
    assert frozen and all(any(n.startswith(x) for x in names) for n in frozen)
    assert not any(name.startswith("stack_2") for name in frozen)
    assert sum(np.prod(w.shape) for w in model.trainable_weights) == every - count


def test_a_name_of_no_layer_says_what_was_meant():
    with pytest.raises(ValueError, match="Did you mean 'stack_1'.*'stak_1'"):
        freeze_layers(StackedHourglass(**NETWORK), ["stak_1"])
    with pytest.raises(ValueError, match="stack_9"):
        freeze_layers(StackedHourglass(**NETWORK), ["stack_9"])


def test_a_fused_network_is_no_beginning():
    with pytest.raises(ValueError, match="`init_weights` must be .*its fused form"):
        network_config(fuse(network()))
