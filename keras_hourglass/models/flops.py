"""Parameters and multiply-adds of a network."""

from math import prod

from keras.layers import Conv2D, DepthwiseConv2D

from keras_hourglass.models.layer_utils import sublayers


def count_parameters(model) -> int:
    """Counts the trainable weights of a model, without moving statistics."""
    return sum(prod(weight.shape) for weight in model.trainable_weights)


def count_macs(model) -> int:
    """Counts the multiply-adds of all convolutions for one image, without biases.

    Args:
        model: A Keras model, built for a known image size.
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
    input_shape = layer.get_build_config()["input_shape"]
    return prod(layer.compute_output_shape(input_shape)[1:3])
