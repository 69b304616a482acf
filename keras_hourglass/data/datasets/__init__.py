"""Datasets by name: a file each, all of them in the conventions of `people.py`."""

from keras_hourglass.data.datasets import coco, custom, lsp, mpii, prepared, synthetic
from keras_hourglass.data.people import People
from keras_hourglass.data.readers import paths
from keras_hourglass.data.readers.files import DatasetError
from keras_hourglass.utils import hint

__all__ = ["DATASETS", "DatasetError", "People", "load"]

DATASETS = {
    "mpii": mpii.load,
    "lsp": lsp.lsp,
    "lspet": lsp.lspet,
    "coco": coco.load,
    "own": custom.load,
    "crops": prepared.load,
    "synthetic": synthetic.load,
}


def load(name: str, root=None, missing: str = "error", faults=None) -> People:
    """The people of a dataset.

    Args:
        name: A key of `DATASETS`.
        root: The dataset's folder.
        missing: Of pictures; see `reading.pictures.without_missing`.
        faults: A list, to which (name of the person, what is wrong) is appended for
            everybody who cannot be used; None raises the first.

    Raises:
        DatasetError: If the name is unknown, or the folder does not hold what it
            should; names the file and the person.
    """
    if name not in DATASETS:
        raise DatasetError(
            f"`dataset` must be a name. {hint(name, DATASETS)} "
            f"Received: dataset={name!r}"
        )
    people = DATASETS[name](root, faults)
    if not len(people) and faults is None:
        why = "; ".join(people.notes) or "its list of people is empty"
        raise DatasetError(f"{root} has nobody to train on: {why}")
    if unknown := int((people.heads <= 0).sum()):
        people = people.noting(f"{unknown:,} people have a head of size 0: not scored")
    return paths.without_missing(people, missing)
