"""Errors of a row of the paper's table, kept so that rows are compared in pairs."""

import json
from dataclasses import dataclass

import numpy as np

from keras_hourglass import skeletons
from keras_hourglass.evaluation import bootstrap
from keras_hourglass.skeletons import Skeleton
from keras_hourglass.utils.files import atomic_write


@dataclass(frozen=True, eq=False)
class RowErrors:
    """The errors of one network on people.

    Attributes:
        skeleton: The joints' skeleton.
        names: `(people,)`, strings.
        errors: `(people, joints)`, in reference lengths; NaN where not scored.
    """

    skeleton: Skeleton
    names: np.ndarray
    errors: np.ndarray

    @classmethod
    def of(cls, evaluation) -> "RowErrors":
        """Takes the errors of an `Evaluation` of people."""
        names = evaluation.people.names.astype(str)
        return cls(evaluation.skeleton, names, evaluation.predictions.errors)

    @classmethod
    def load(cls, path) -> "RowErrors":
        """Reads a file that `save` wrote."""
        with np.load(path) as file:
            skeleton = skeletons.get(json.loads(str(file["skeleton"])))
            return cls(skeleton, file["names"], file["errors"])

    def save(self, path):
        """Writes a `.npz` file."""
        skeleton = json.dumps(self.skeleton.get_config())
        with atomic_write(path) as temporary, open(temporary, "wb") as file:
            np.savez(file, skeleton=skeleton, names=self.names, errors=self.errors)


def compare_errors(first: RowErrors, second: RowErrors, convention: str) -> dict | None:
    """Compares two networks at the measure's threshold; see `bootstrap.compare`.

    Returns:
        "difference", the second's mean less the first's, and its "interval". None if
        the people or the measures differ.
    """
    measure = first.skeleton.measure
    if measure != second.skeleton.measure or [*first.names] != [*second.names]:
        return None
    counts = bootstrap.resample_counts(len(first.errors))
    both = ((row.errors, row.skeleton) for row in (first, second))
    compared = bootstrap.compare(*both, (measure.threshold,), counts)
    return compared[str(measure.threshold)].get(convention)
