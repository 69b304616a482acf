"""What one process does by itself, while others train with it."""

from contextlib import contextmanager

import keras


@contextmanager
def alone():
    """While it lasts, variables are made on one device of this process.

    Over all devices of all processes, JAX would wait for the others to make the same.
    Keras also makes some where one would not look for it: to save an optimizer.
    """
    together = keras.distribution.distribution()
    keras.distribution.set_distribution(None)
    try:
        yield
    finally:
        keras.distribution.set_distribution(together)
