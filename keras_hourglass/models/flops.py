"""Parameters and multiply-adds of a network."""

from math import prod

from keras.layers import Conv2D, DepthwiseConv2D

from keras_hourglass.models.trunk.layer_utils import sublayers


def count_parameters(model) -> int:
    """Counts the trainable weights of a model, without moving statistics.

    Frozen weights count, so that a network has as many however it is trained.
    """
    # `trainable_weights` leaves out those of frozen layers.
    layers = [model, *sublayers(model)]
    weights = (weight for layer in layers for weight in layer._trainable_variables)
    return sum(prod(weight.shape) for weight in {id(w): w for w in weights}.values())


def count_frozen(model) -> int:
    """Counts the parameters of a model that are not trained at present."""
    trained = sum(prod(weight.shape) for weight in model.trainable_weights)
    return count_parameters(model) - trained


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
