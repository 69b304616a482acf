"""What an exported network says of itself, in whatever format.

Packages that a format needs, imported when it is asked for.
"""

import json
from importlib import import_module
from importlib.metadata import metadata

import numpy as np


def describe_model(model) -> dict:
    """Joint names, sizes (height before width, pixels), licence and version."""
    package = metadata("keras-hourglass")
    return {
        "name": model.name,
        "joints": list(model.skeleton.joints),
        "image_size": list(model.image_size),
        "heatmap_size": list(model.heatmap_size[::-1]),
        "parameters": model.count_params(),
        "licence": package["License-Expression"] or package["License"],
        "made_by": f"{package['Name']} {package['Version']}",
    }


def to_texts(facts: dict) -> dict[str, str]:
    """Facts for where only texts have a place: what is no text is JSON."""
    return {
        name: fact if isinstance(fact, str) else json.dumps(fact)
        for name, fact in facts.items()
    }


def refuse_unusable(model):
    """Raises a ValueError if a weight of the model is no finite number."""
    for variable in model.variables:
        if not np.isfinite(np.asarray(variable, "float32")).all():
            raise ValueError(
                f"`model` must have finite weights. Received: {variable.path}, in "
                "which some are not"
            )


def require_extra(extra: str, *names: str) -> list:
    """Modules, by their names.

    Raises:
        ModuleNotFoundError: If one is not installed; with the extra to install.
    """
    try:
        return [import_module(name) for name in names]
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"`format` {extra!r} needs {error.name}: "
            f"pip install 'keras-hourglass[{extra}]'"
        ) from None
