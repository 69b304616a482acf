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
from pathlib import Path

from keras_hourglass.inference.detectors.detector import Detector, FunctionDetector
from keras_hourglass.inference.detectors.network import NetworkDetector
from keras_hourglass.inference.detectors.plugins import (
    find_plugins,
    load_function,
    parse_function,
)
from keras_hourglass.inference.runtimes import RUNTIMES
from keras_hourglass.inference.runtimes.selection import AUTO
from keras_hourglass.models.presets import PRESETS_OF, hub, with_weights
from keras_hourglass.utils import suggest

DEFAULT_DETECTOR = "people"


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
            registers, or `module:function`; a `PersonDetector`, or the path of one; a
            function of an image `(height, width, 3)` that gives boxes.
        min_score: Boxes of lower scores are left out; by default, the detector's own
            threshold.
        max_people: Boxes of an image, at most: those of the highest scores; 20 by
            default.
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
        return detector
    if not isinstance(detector, str | os.PathLike):
        if _is_network(detector):
            return NetworkDetector(detector, runtime, **limits)
        if not callable(detector):
            raise ValueError(
                "`detector` must be a PersonDetector, a function of an image, or a "
                f"name or path of one. Received: detector={detector!r:.80}"
            )
        name = getattr(detector, "__name__", "detector")
        return FunctionDetector(detector, name, **limits)
    name, plugins = str(detector), find_plugins()
    if name in plugins and name not in PRESETS_OF["detect"]:
        return FunctionDetector(load_function(plugins[name]), name, **limits)
    if _names_network(detector):
        return NetworkDetector(detector, runtime, **limits)
    if (function := parse_function(name)) is not None:
        return FunctionDetector(load_function(function), name, **limits)
    raise ValueError(
        "`detector` must be a detector's name, a file of one, or module:function. "
        f"{suggest(name, detector_names())} Received: detector={name!r}"
    )


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
    is_path = isinstance(detector, os.PathLike) or path.suffix in suffixes
    return is_path or path.exists() or hub.is_address(detector)
