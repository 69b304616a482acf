"""Layers within layers: to reach them all, and to build them one after another."""


def sublayers(layer):
    """Every layer inside a layer or a model, at any depth, each once."""
    # Keras has no public way to see beyond the first level.
    return list(layer._flatten_layers(include_self=False))


def apply_dtype_policy(layer):
    """Gives every layer inside a layer the layer's own precision.

    Keras makes sub-layers under the global policy, whatever their owner's is.
    """
    for inner in sublayers(layer):
        inner.dtype_policy = layer.dtype_policy


def build_chain(layers, shape, build: bool = False):
    """The shape that comes out of layers applied in order; may build them, too."""
    for layer in layers:
        if build:
            layer.build(shape)
        shape = layer.compute_output_shape(shape)
    return shape
