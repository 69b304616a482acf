"""What a network costs: weights to learn and multiply-adds."""

from math import prod

from keras.layers import Conv2D, DepthwiseConv2D

from keras_hourglass.models.layer_utils import sublayers


def count_parameters(model) -> int:
    """How many weights a model learns; moving statistics are not among them."""
    return sum(prod(weight.shape) for weight in model.trainable_weights)


def count_macs(model) -> int:
    """Of all convolutions, for one image; what everybody counts, biases left out.

    Args:
        model: Built for an image size that is known.
    """
    convolutions = [
        layer
        for layer in sublayers(model)
        if isinstance(layer, Conv2D | DepthwiseConv2D) and layer.built
    ]
    return sum(
        _output_pixels(layer) * prod(layer.kernel.shape) for layer in convolutions
    )


def _output_pixels(layer):
    seen = layer.get_build_config()["input_shape"]
    return prod(layer.compute_output_shape(seen)[1:3])
