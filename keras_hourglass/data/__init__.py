"""Datasets by name: a file each, all of them in the conventions of `people.py`."""

from keras_hourglass.choices import hint
from keras_hourglass.data import crops, mpii, synthetic
from keras_hourglass.data.files import DatasetError
from keras_hourglass.data.people import People

__all__ = ["DATASETS", "DatasetError", "People", "load"]

DATASETS = {
    "mpii": mpii.load,
    "crops": crops.load,
    "synthetic": synthetic.load,
}


def load(name: str, root=None, missing: str = "error") -> People:
    """The people of a dataset.

    Args:
        name: A key of `DATASETS`.
        root: The dataset's folder.
        missing: Of pictures; see `files.without_missing`.

    Raises:
        DatasetError: If the name is unknown, or the folder does not hold what it
            should; names the file and the person.
    """
    if name in DATASETS:
        people = DATASETS[name](root, missing)
        if unknown := int((people.heads <= 0).sum()):
            return people.noting(
                f"{unknown:,} people have a head of size 0: not scored"
            )
        return people
    raise DatasetError(
        f"`dataset` must be a name. {hint(name, DATASETS)} Received: dataset={name!r}"
    )
