"""Graphs converted to LiteRT, in several precisions."""

import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import (
    convert_variables_to_constants_v2,
)

PRECISIONS = ("float32", "float16", "int8")


def converted(graph, precision: str = "float32", crops=()) -> bytes:
    """A file that computes what a `tf.function` of one tensor does.

    Args:
        graph: With a signature of known sizes.
        precision: One of `PRECISIONS`: of the weights; with int8 of all that is
            computed, too.
        crops: What the function is given in practice, `(batch, ...)` each; for int8.
    """
    constant = convert_variables_to_constants_v2(graph.get_concrete_function())
    converter = tf.lite.TFLiteConverter.from_concrete_functions([constant], tf.Module())
    if precision != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if precision == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if precision == "int8":
        converter.representative_dataset = lambda: ([crop] for crop in crops)
    return converter.convert()
