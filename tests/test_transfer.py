"""Weights of one network in another: all that fit, by name, joint by joint."""

import numpy as np

from keras_hourglass import StackedHourglass
from keras_hourglass.skeletons import COCO, MPII
from keras_hourglass.training.fine_tuning import network_config, transfer_weights

NETWORK = {"stacks": 2, "filters": 4, "stem_filters": 2, "depth": 1, "image_size": 32}


def network(**changes):
    model = StackedHourglass(**{**NETWORK, **changes})
    rng = np.random.default_rng(len(model.weights))
    model.set_weights([rng.normal(size=w.shape) for w in model.weights])
    return model


def test_the_same_network_gets_all_of_it():
    source, target = network(), StackedHourglass(**NETWORK)
    done = transfer_weights(source, target)
    assert (
        not done.new
        and not done.joints
        and str(done).startswith(f"{len(done.kept)} of {len(done.kept)} layers")
    )
    for a, b in zip(source.get_weights(), target.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_another_skeleton_keeps_the_joints_of_the_same_name():
    source, target = network(), network(skeleton="coco", image_size=64)
    before = target.get_layer("stack_1_heatmaps").get_weights()
    done = transfer_weights(source, target)
    assert not done.new and {"nose", "left_eye"} <= {*done.joints}
    assert "knee" not in str(done) and "nose" in str(done)
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


def test_what_does_not_fit_begins_anew_and_is_named():
    done = transfer_weights(network(stacks=1), network(depth=2, image_size=64))
    assert "stack_1" in done.new and "stack_2_heatmaps" in done.new
    assert "stem_block_1" in done.kept and "stack_1_heatmaps" in done.kept
    wider = transfer_weights(network(), network(filters=6))
    assert {"stack_1_heatmaps", "stack_1_heatmaps_back"} <= {*wider.new}
    assert "stem_convolution" in wider.kept


def test_arguments_make_a_network_that_fits_but_for_the_offset():
    source = network(block="ghost", offset=(0.5, 0.25))
    target = StackedHourglass(**network_config(source))
    assert target.offset == (0, 0) and not transfer_weights(source, target).new
