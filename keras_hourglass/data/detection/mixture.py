"""Mixtures for detection: several datasets of photographs as one."""

from keras_hourglass.data.datasets import DatasetSpec
from keras_hourglass.data.detection.loading import (
    DETECTION_OPTIONS,
    load_photographs,
)
from keras_hourglass.data.detection.photographs import Photographs, concatenate
from keras_hourglass.data.people.mixture import Mixture, choose_validation, mix
from keras_hourglass.data.people.splits import hold_out_share


def load_photograph_mixture(
    specs: list[DatasetSpec],
    missing: str = "error",
    given: dict[tuple, Photographs] | None = None,
) -> Mixture:
    """Loads datasets and separates photographs for training and for validation.

    Args:
        specs: Datasets to load.
        missing: Image files that do not exist, see `load_dataset`.
        given: Name and root of a specification -> `Photographs`, in place of loading.

    Returns:
        `Mixture`, whose `train` and `validation` are `Photographs`.

    Raises:
        DatasetError: If a dataset cannot be loaded, has no boxes, or has no photographs
            to train on.
    """
    given = given or {}
    parts = [_load(spec, missing, given.get(spec[:2])) for spec in specs]
    return mix(specs, parts, concatenate)


def load_validation_photographs(
    spec: DatasetSpec, missing: str = "error", include_train: bool = False
) -> Photographs:
    """Loads the validation photographs of one dataset, as a mixture chooses them.

    A dataset of test photographs alone gives these.

    Args:
        spec: The dataset.
        missing: Image files that do not exist, see `load_dataset`.
        include_train: Whether training photographs are evaluated, too.
    """
    return choose_validation(_load(spec, missing), spec.name, include_train)


def _load(spec, missing, photographs=None):
    if photographs is None:
        read = spec._replace(val_share=None)
        options = read.options_among(DETECTION_OPTIONS, "detection")
        photographs = load_photographs(spec.name, spec.root, missing=missing, **options)
    if spec.val_share is not None:
        photographs = hold_out_share(photographs, spec.val_share)
    return photographs
