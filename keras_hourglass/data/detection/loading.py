"""Photographs of a dataset, by its name."""

from keras_hourglass.data import datasets
from keras_hourglass.data.datasets import DatasetError
from keras_hourglass.data.datasets.coco.boxes import load_boxes
from keras_hourglass.data.datasets.synthetic.photographs import (
    load_synthetic_photographs,
)
from keras_hourglass.data.detection.photographs import Photographs
from keras_hourglass.data.people.splits import hold_out_share
from keras_hourglass.data.readers.paths import drop_missing
from keras_hourglass.data.readers.rows import collecting_faults
from keras_hourglass.data.readers.sizes import fill_sizes, match_sizes

DETECTION_DATASETS = {"coco": load_boxes, "synthetic": load_synthetic_photographs}
# Of reading: those of `load_photographs`.
DETECTION_OPTIONS = ("category", "images", "rescale", "val_share")


def load_photographs(
    name: str,
    root=None,
    *,
    split: str | None = None,
    missing: str = "error",
    category: str | None = None,
    images=None,
    rescale: bool = False,
    val_share: float | None = None,
) -> Photographs:
    """Loads the photographs of a dataset with the boxes of all their people.

    Args:
        name: "coco" or "synthetic", or `NAME:DIR`.
        root: Folder of the dataset, or one annotation file; for "synthetic", the
            number of photographs.
        split: "train", "val" or "test", to load the photographs of that split alone.
        missing, category, images, rescale: See `load_dataset`.
        val_share: Share of the photographs to hold out for validation, above 0 and
            below 1, evenly by name, where the dataset marks none for it.

    Returns:
        `Photographs`: columns of images, sizes, splits and boxes.

    Raises:
        DatasetError: If the name is unknown, the format has no boxes, or the folder
            does not hold the dataset.
        ValueError: If the split has no photographs, or an option's value is not
            possible.

    Example:

    ```python
    import keras_hourglass as kh

    photographs = kh.load_photographs("synthetic", 20)
    train = kh.load_photographs("synthetic:20", split="train")
    ```
    """
    name, root = datasets.parse_name(name, root)
    if name not in DETECTION_DATASETS:
        raise DatasetError(
            "`dataset` must be one with the boxes of all people: "
            f"{' or '.join(DETECTION_DATASETS)}. Received: dataset={name!r}"
        )
    given = {"category": category, "images": images}
    given = {key: value for key, value in given.items() if value is not None}
    datasets.with_options([datasets.DatasetSpec(name)], given)
    photographs = DETECTION_DATASETS[name](root, **given)
    if not len(photographs) and not collecting_faults():
        raise DatasetError(f"{root} lists no images")
    if missing != "keep" or not collecting_faults():  # whose notes name the folders
        photographs = drop_missing(photographs, missing)
    if not collecting_faults():  # else, `check_photographs` compares the sizes
        photographs = fill_sizes(match_sizes(photographs, rescale))
    if val_share is not None:
        photographs = hold_out_share(photographs, val_share)
    return photographs if split is None else photographs.split(split)
