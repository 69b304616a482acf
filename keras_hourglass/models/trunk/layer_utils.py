"""Nested layers: traversal, dtype policies and building."""


def sublayers(layer):
    """Lists all layers inside a layer or a model, at any depth, each once."""
    # Keras's public attributes reach the first level only.
    return list(layer._flatten_layers(include_self=False))


def apply_dtype_policy(layer):
    """Applies the dtype policy of a layer to all layers inside it.

    Keras creates nested layers under the global policy, whatever their owner's is.
    """
    for inner in sublayers(layer):
        inner.dtype_policy = layer.dtype_policy


def build_chain(layers, shape, build: bool = False):
    """Computes the output shape of layers in a row, and may build them.

    Args:
        layers: Applied in order.
        shape: Shape of the input, with the batch.
        build: Whether to build the layers.

    Returns:
        The shape of the output.
    """
    for layer in layers:
        if build:
            layer.build(shape)
        shape = layer.compute_output_shape(shape)
    return shape
