"""The value of `--skeleton`: a name, a file, or the dataset's own joints."""

import click

from keras_hourglass import skeletons
from keras_hourglass.training.config import DATASET


class SkeletonType(click.ParamType):
    """A skeleton, or "dataset" where it may be the dataset's own.

    Args:
        dataset: Whether it may.
    """

    name = "skeleton"

    def __init__(self, dataset: bool = False):
        self.words = (DATASET,) if dataset else ()

    def get_metavar(self, param, ctx=None):
        """Lists the names, and that a file is possible, in the help."""
        return "[" + "|".join((*skeletons.SKELETONS, *self.words, "FILE.json")) + "]"

    def convert(self, value, param, ctx):
        """Returns the word, the name, or the skeleton that a file holds."""
        if value in self.words:
            return value
        try:
            return skeletons.to_json(skeletons.get(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)
