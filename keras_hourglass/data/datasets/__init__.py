"""Datasets by name: a file each, all of them in the conventions of `people.py`."""

from keras_hourglass.data.datasets import coco, custom, lsp, mpii, prepared, synthetic
from keras_hourglass.data.people import People
from keras_hourglass.data.readers import paths
from keras_hourglass.data.readers.files import DatasetError
from keras_hourglass.utils import suggest

__all__ = ["DATASETS", "DatasetError", "People", "load"]

DATASETS = {
    "mpii": mpii.load_mpii,
    "lsp": lsp.load_lsp,
    "lspet": lsp.load_lspet,
    "coco": coco.load_coco,
    "own": custom.load_custom,
    "crops": prepared.load_prepared,
    "synthetic": synthetic.load_synthetic,
}


def load_dataset(name: str, root=None, missing: str = "error", faults=None) -> People:
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
            f"`dataset` must be a name. {suggest(name, DATASETS)} "
            f"Received: dataset={name!r}"
        )
    people = DATASETS[name](root, faults)
    if not len(people) and faults is None:
        why = "; ".join(people.notes) or "its list of people is empty"
        raise DatasetError(f"{root} has nobody to train on: {why}")
    if unknown := int((people.head_sizes <= 0).sum()):
        people = people.with_notes(
            f"{unknown:,} people have a head of size 0: not scored"
        )
    return paths.drop_missing(people, missing)
