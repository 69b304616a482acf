"""Facts that an exported file carries, in whatever format.

`inference.runtimes.metadata` reads them.
"""

import json
from importlib.metadata import metadata

import numpy as np

from keras_hourglass.heatmaps import DEFAULT_DECODER
from keras_hourglass.inference.oks import AREA_OF_BOX, sigmas_of
from keras_hourglass.inference.runtimes.metadata import INPUT, METADATA_VERSION
from keras_hourglass.inference.suppression import (
    MAX_OKS,
    MAX_PEOPLE,
    MIN_SCORE,
    default_min_pose_score,
)
from keras_hourglass.inference.views import MIN_BOX_RATIO, WINDOW_RULES
from keras_hourglass.models.flops import count_parameters


def describe_model(model, decoder: str, precision: str = "float32", **facts) -> dict:
    """Describes a network and its decoder.

    Args:
        model: A `StackedHourglass` or a `PersonDetector`.
        decoder: One of `heatmaps.DECODER_NAMES`, of keypoints.
        precision: Of the network in the file.
        facts: Those of the format.

    Returns:
        The dictionary of `inference.runtimes.metadata.read_metadata`.
    """
    package = metadata("keras-hourglass")
    return {
        "metadata_version": METADATA_VERSION,
        "task": model.task,
        "name": model.name,
        **(_describe_pose(model, decoder) if model.task == "pose" else {}),
        "image_size": list(model.image_size),
        "heatmap_size": list(model.heatmap_size[::-1]),
        "input": INPUT,
        "precision": precision,
        "parameters": count_parameters(model),
        "version": package["Version"],
        "license": package["License-Expression"] or package["License"],
        "made_by": f"{package['Name']} {package['Version']}",
        **facts,
    }


def describe_detector(detector, model, **facts) -> dict:
    """Describes a person detector that is exported with a pose network.

    Args:
        detector: A `PersonDetector`.
        model: The pose network.
        facts: Those of the format.

    Returns:
        As `describe_model`, and `limits`: of who is found, as `PoseEstimator` has them.
    """
    limits = {
        "min_score": MIN_SCORE,
        "max_people": MAX_PEOPLE,
        "min_pose_score": default_min_pose_score(model),
        "max_oks": MAX_OKS,
        "area_of_box": AREA_OF_BOX,
        "min_box_ratio": MIN_BOX_RATIO,
        "sigmas": sigmas_of(model.skeleton).tolist(),
    }
    return describe_model(detector, DEFAULT_DECODER, limits=limits, **facts)


def _describe_pose(model, decoder):
    """Describes the keypoints of a `StackedHourglass`."""
    return {
        "joints": list(model.skeleton.joints),
        "limbs": [list(limb) for limb in model.skeleton.limbs],
        "flip_pairs": [list(pair) for pair in model.skeleton.flip_pairs],
        "skeleton": model.skeleton.get_config(),
        "offset": list(model.offset),
        "calibration": model.calibration and list(model.calibration),
        "window": WINDOW_RULES,
        "decoder": decoder,
    }


def to_strings(facts: dict) -> dict[str, str]:
    """Facts for formats that keep strings alone: the others become JSON."""
    return {
        name: fact if isinstance(fact, str) else json.dumps(fact)
        for name, fact in facts.items()
    }


def require_finite_weights(model):
    """Raises a ValueError if a weight of a network is NaN or infinite."""
    for variable in model.variables:
        if not np.isfinite(np.asarray(variable, "float32")).all():
            raise ValueError(
                "`model` must have finite weights. Received: NaN or infinity in "
                f"{variable.path}"
            )
