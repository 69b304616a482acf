"""Datasets by name: one module per format, whose `load_*(root)` returns `People`."""

from inspect import signature

import numpy as np

from keras_hourglass.data.datasets import (
    coco,
    custom,
    deeplabcut,
    hrnet,
    labelme,
    lsp,
    mpii,
    prepared,
    synthetic,
)
from keras_hourglass.data.datasets.spec import DatasetSpec
from keras_hourglass.data.people import HEAD_SIZE_RATIO, People
from keras_hourglass.data.people.splits import hold_out_share
from keras_hourglass.data.readers import paths, sizes
from keras_hourglass.data.readers.files import DatasetError
from keras_hourglass.data.readers.rows import collecting_faults
from keras_hourglass.utils import plural, suggest

__all__ = ["DATASETS", "DatasetError", "DatasetSpec", "People", "load_dataset"]

DATASETS = {
    "mpii": mpii.load_mpii,
    "lsp": lsp.load_lsp,
    "lspet": lsp.load_lspet,
    "coco": coco.load_coco,
    "own": custom.load_custom,
    "deeplabcut": deeplabcut.load_deeplabcut,
    "labelme": labelme.load_labelme,
    "hrnet": hrnet.load_hrnet,
    "crops": prepared.load_prepared,
    "synthetic": synthetic.load_synthetic,
}


def load_dataset(
    name: str,
    root=None,
    *,
    split: str | None = None,
    missing: str = "error",
    category: str | None = None,
    images=None,
    rescale: bool = False,
    val_share: float | None = None,
    min_joints: int | None = None,
) -> People:
    """Loads the people of a dataset.

    Args:
        name: Key of `DATASETS`, or `NAME:DIR`.
        root: Folder of the dataset, or one annotation file; for "synthetic", the
            number of people.
        split: "train", "val" or "test", to load the people of that split alone.
        missing: Image files that do not exist: "error" raises, "skip" leaves their
            people out with a note, "keep" does not check.
        category: Category of a COCO file to read, where several have joints. By default
            "person" if there, else the only one.
        images: Folder of the image files; by default, they are looked for in the usual
            folders. Not for datasets of a fixed layout, such as "mpii".
        rescale: Where image files are smaller or larger than the annotations list, by
            one factor, scales the labels. Without it, they are warned of.
        val_share: Share of the photographs to hold out for validation, above 0 and
            below 1, evenly by name, where the dataset marks no person for it.
        min_joints: Labeled joints that a person of a COCO file must have, at least 1:
            3, say, for partially visible people. By default 5 of COCO's own joints,
            and one of others.

    Returns:
        `People`: columns of images, joints, weights, windows and splits.

    Raises:
        DatasetError: If the name is unknown, or the folder does not hold the
            dataset; names the file and the person. Within
            `readers.rows.collect_faults`, faulty people are listed instead.
        ValueError: If the split has no people, or an option's value is not possible.

    Example:

    ```python
    import keras_hourglass as kh

    people = kh.load_dataset("synthetic", 20)
    train = kh.load_dataset("synthetic:20", split="train")
    ```
    """
    name, root = parse_name(name, root)
    given = {"category": category, "images": images, "min_joints": min_joints}
    given = {key: value for key, value in given.items() if value is not None}
    with_options([DatasetSpec(name)], given)
    people = DATASETS[name](root, **given)
    if not len(people) and not collecting_faults():
        why = "; ".join(people.notes) or "its list of people is empty"
        raise DatasetError(f"{root} has no usable people: {why}")
    people = people.with_notes(*_reference_notes(people))
    if missing != "keep" or not collecting_faults():  # whose notes name the folders
        people = paths.drop_missing(people, missing)
    if not collecting_faults():  # else, `check_people` compares them
        people = sizes.match_sizes(people, rescale)
    if val_share is not None:
        people = hold_out_share(people, val_share)
    return people if split is None else people.split(split)


def parse_name(name: str, root=None) -> tuple[str, str | None]:
    """Parses `NAME` or `NAME:DIR`: the name of a dataset, and its folder.

    Raises:
        DatasetError: If there is no dataset of the name, or `root` is given twice.
    """
    if not isinstance(name, str):
        raise DatasetError(
            f"`name` must be the name of a dataset. {suggest(name, DATASETS)} "
            f"Received: name={name!r}"
        )
    spec = DatasetSpec.parse(name)
    if spec.share != 1 or (spec.root is not None and root is not None):
        raise DatasetError(
            "`name` must be NAME or NAME:DIR, without a share, and `root` be given "
            f"once. Received: name={name!r}, root={root!r}"
        )
    if spec.name not in DATASETS:
        raise DatasetError(
            f"`dataset` must be the name of one. {suggest(spec.name, DATASETS)} "
            f"Received: dataset={spec.name!r}"
        )
    return spec.name, spec.root if root is None else root


def _reference_notes(people):
    """Notes on the lengths that the people's errors are measured in."""
    measure = people.skeleton.measure
    if unknown := int((people.reference_lengths <= 0).sum()):
        people_are = plural(unknown, "person is", "people are")
        yield f"{people_are} not scored: their {measure.reference} is 0"
    estimated = np.isclose(people.head_sizes, HEAD_SIZE_RATIO * people.sides, 1e-3)
    if not measure.is_pckh and not estimated.all():
        yield (
            f"{plural((~estimated).sum(), 'person has', 'people have')} a head size, "
            "which is not used: "
            f"errors are measured in the {measure.reference}, unless the skeleton's "
            "`reference` is 'head'"
        )


def with_options(specs: list[DatasetSpec], options: dict) -> list[DatasetSpec]:
    """Gives options of reading to those datasets that take them.

    Args:
        specs: The datasets.
        options: Name of a keyword of `load_dataset` -> value.

    Raises:
        DatasetError: If none of the datasets takes an option.
    """
    taken = [{o for o in options if _takes(spec.name, o)} for spec in specs]
    if unused := sorted({*options}.difference(*taken)):
        takers = [name for name in DATASETS if _takes(name, unused[0])]
        raise DatasetError(
            f"`{unused[0]}` goes with {' or '.join(takers)} alone. "
            f"Received: dataset={', '.join(spec.name for spec in specs)!r}"
        )
    return [
        spec._replace(**{name: options[name] for name in names})
        for spec, names in zip(specs, taken)
    ]


def _takes(name: str, option: str) -> bool:
    """Returns whether a dataset takes an option, or `People` that are given."""
    if option == "val_share" or name not in DATASETS:
        return option == "val_share"
    return option == "rescale" or option in signature(DATASETS[name]).parameters
