"""Person detectors: networks of this library, plugins, and other libraries'.

`load_detector` takes the name of any. An installed package registers a function of an
image by an entry point,

    [project.entry-points."keras_hourglass.detectors"]
    yolo = "my_package.people:detect"

which `load_detector("yolo")` and `hourglass-keras predict --detector yolo` find. A
function of any importable module has the name `my_module:detect`. It takes an image
`(height, width, 3)`, uint8, RGB, and gives boxes `(people, 4)`, x and y of the first
pixel, width and height, in pixels, or `(people, 5)` with scores.
"""

import os
import sys
from functools import partial
from importlib import import_module
from pathlib import Path

from keras_hourglass.inference.detectors.detector import (
    Detector,
    FunctionDetector,
    describe_error,
)
from keras_hourglass.inference.detectors.network import NetworkDetector
from keras_hourglass.inference.detectors.plugins import (
    find_plugins,
    load_function,
    parse_function,
)
from keras_hourglass.inference.runtimes import RUNTIMES
from keras_hourglass.inference.runtimes.selection import AUTO, load_detector_network
from keras_hourglass.inference.suppression import MIN_SCORE, MIN_SCORES
from keras_hourglass.models.loading import model_name
from keras_hourglass.models.presets import PRESETS_OF, hub, with_weights
from keras_hourglass.utils import suggest
from keras_hourglass.utils.files import suffix_of

DEFAULT_DETECTOR = "people"
LIBRARIES = {  # module of another library's detectors -> the name of one
    "keras_hub": "keras_hub:retinanet_resnet50_fpn_coco",
    "torchvision": "torchvision:fasterrcnn_resnet50_fpn_v2",
    "ultralytics": "ultralytics:yolo11n.pt",
}


def detector_names() -> list[str]:
    """Lists the detectors that are installed by name."""
    return [*dict.fromkeys([*with_weights("detect"), *find_plugins()])]


def load_detector(
    detector=DEFAULT_DETECTOR,
    min_score: float | None = None,
    max_people: int | None = None,
    runtime: str = AUTO,
) -> Detector:
    """Loads a person detector: a function from an image to boxes and their scores.

    Args:
        detector: Name of a packaged detector, of one that an installed package
            registers, or `module:function`; "keras_hub:PRESET", "torchvision:NAME" or
            "ultralytics:FILE"; a `PersonDetector`, or the path of one; a function of an
            image `(height, width, 3)`, uint8, RGB, that gives boxes; or a `Detector`,
            which is not changed: one of other limits shares its network.
        min_score: Boxes of lower scores are left out; by default, the detector's own
            threshold.
        max_people: Boxes of an image, at most: those of the highest scores; by default
            20, or that of a `Detector`.
        runtime: The program that runs a network; see `PoseEstimator`.

    Returns:
        A `Detector`: `boxes, scores = detector(image)` for a path, bytes, a PIL image
        or an array; boxes `(people, 4)`, x and y of the first pixel, width and height,
        in image pixels; scores `(people,)`, the highest first.

    Raises:
        FileNotFoundError: If there is no such file.
        ModuleNotFoundError: If a package is missing.
        ValueError: If there is no such detector, or it cannot be loaded.

    Example:

    ```python
    import numpy as np
    import keras_hourglass as kh

    detector = kh.load_detector("people", min_score=0.5)
    boxes, scores = detector(np.zeros((480, 640, 3), "uint8"))  # or "photo.jpg"
    assert boxes.shape == (0, 4) and scores.shape == (0,)
    ```
    """
    limits = {"min_score": min_score, "max_people": max_people}
    if isinstance(detector, Detector):
        return detector.with_limits(**limits)
    if not isinstance(detector, str | os.PathLike):
        if _is_network(detector):
            return _load_network(detector, runtime, **limits)
        if not callable(detector):
            raise ValueError(
                "`detector` must be a PersonDetector, a function of an image, or a "
                f"name or path of one. Received: detector={detector!r:.80}"
            )
        name = getattr(detector, "__name__", "detector")
        return FunctionDetector(detector, name, **limits)
    name, plugins = str(detector), find_plugins()
    if name.partition(":")[0] in LIBRARIES:
        return _load_library(name, **limits)
    if name in plugins and name not in PRESETS_OF["detect"]:
        return FunctionDetector(load_function(plugins[name]), name, **limits)
    if _names_network(detector):
        return _load_network(detector, runtime, **limits)
    if (function := parse_function(name)) is not None:
        return FunctionDetector(load_function(function), name, **limits)
    raise ValueError(
        "`detector` must be a detector's name, a file of one, or module:function. "
        f"{suggest(name, detector_names())} Received: detector={name!r}"
    )


def _load_network(model, runtime, min_score, max_people):
    """Loads a `PersonDetector`; that of a packaged preset when it is first used."""
    is_preset = isinstance(model, str) and model in PRESETS_OF["detect"]
    if isinstance(model, str | os.PathLike) and not is_preset and Path(model).exists():
        model = Path(model).absolute()  # also after a change of the current folder
    min_score = MIN_SCORE if min_score is None else min_score
    load = partial(load_predictor, model, runtime)
    detector = NetworkDetector(load, model_name(model), min_score, max_people)
    if not is_preset:
        detector.load()
    return detector


def load_predictor(model, runtime: str):
    """Loads a network's predictor of boxes; see `load_detector_network`."""
    return load_detector_network(model, runtime)[1]


def _given(predictor):
    """Gives a predictor that is loaded; unlike a lambda, it can be pickled."""
    return predictor


def _load_library(name, min_score, max_people):
    """Loads a detector of another library, by LIBRARY:MODEL."""
    library, _, model = name.partition(":")
    if not model:
        raise ValueError(
            f"`detector` must name a model: {LIBRARIES[library]!r}, say. "
            f"Received: detector={name!r}"
        )
    module = import_module(f"{__name__}.{library}")
    min_score = MIN_SCORES[library] if min_score is None else min_score
    try:
        loaded = module.load(model)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != library:
            raise
        raise ModuleNotFoundError(
            f"The detector {name!r} needs {library}: pip install '.[{library}]'",
            name=library,
        ) from None
    except Exception as error:  # of another library: anything
        raise ValueError(
            f"detector {name!r} cannot be loaded: {describe_error(error)}"
        ) from error
    if hasattr(loaded, "predict_boxes"):
        return NetworkDetector(partial(_given, loaded), name, min_score, max_people)
    return FunctionDetector(loaded, name, min_score, max_people)


def _is_network(detector) -> bool:
    """Returns whether an object is a network of Keras, without importing it."""
    keras = sys.modules.get("keras")
    return keras is not None and isinstance(detector, keras.Model)


def _names_network(detector) -> bool:
    """Returns whether a name is that of a preset, of any task, or of a file."""
    if any(str(detector) in presets for presets in PRESETS_OF.values()):
        return True
    suffixes = {each.suffix for each in RUNTIMES.values()} - {None}
    path = Path(detector)
    is_path = isinstance(detector, os.PathLike) or suffix_of(path) in suffixes
    return is_path or path.exists() or hub.is_address(detector)
