"""Person detectors: plugins that give boxes, and OpenCV's HOG detector.

A detector is a function of an image `(height, width, 3)`, uint8, RGB, that gives boxes
`(people, 4)`, x and y of the first pixel, width and height, in pixels, or `(people,
5)` with scores. An installed package registers one by an entry point,

    [project.entry-points."keras_hourglass.detectors"]
    yolo = "my_package.people:detect"

which `get_detector("yolo")` and `hourglass-keras predict --detector yolo` find. A
function of any importable module has the name `my_module:detect`.
"""

import os
import sys
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import cv2
import numpy as np

from keras_hourglass.geometry import Window
from keras_hourglass.inference.boxes import validate_boxes
from keras_hourglass.utils import suggest

ENTRY_POINT_GROUP = "keras_hourglass.detectors"
DETECTORS = {"hog": "keras_hourglass.inference.detectors:detect_hog"}

HOG_SIZE = (64, 128)  # width and height of the detector's window
HOG_BORDER = 8  # of its pixels around a person, half of that in its training data
HOG_MIN_SCORE = 0.3  # lower ones are mostly false positives
HOG_MAX_SIDE = 1024  # pixels of an image: a larger one is shrunk first, to save time
HOG_PERSON = np.array([HOG_BORDER, HOG_BORDER, *np.subtract(HOG_SIZE, 2 * HOG_BORDER)])


class DetectorError(ValueError):
    """Raised where a detector fails on an image, or returns anything but boxes."""


class Detector:
    """A named detector whose boxes are validated.

    Args:
        name: Name for messages.
        function: Gives boxes of an image; see above.
    """

    def __init__(self, name: str, function):
        self.name, self.function = name, function

    def __call__(self, image) -> np.ndarray:
        """Detects people.

        Args:
            image: `(height, width, 3)`, uint8, RGB.

        Returns:
            `(people, 5)`: boxes and scores.

        Raises:
            DetectorError: If the detector fails, or returns anything but boxes.
            ValueError: If it lacks a package.
        """
        try:
            boxes = self.function(image.copy())  # it may draw on it
            if hasattr(boxes, "detach"):  # PyTorch's tensors, maybe on a GPU
                boxes = boxes.detach().cpu().numpy()
        except ImportError as error:
            raise ValueError(f"detector {self.name!r}: {error}") from error
        except (Exception, SystemExit) as error:  # of a plugin: anything
            raise DetectorError(
                f"detector {self.name!r} failed: {_describe(error)}"
            ) from error
        try:
            return validate_boxes(boxes, scored=True)
        except ValueError as error:
            raise DetectorError(f"detector {self.name!r}: {error}") from error


def detector_names() -> dict[str, EntryPoint]:
    """All detectors by name: this library's and those of installed packages."""
    own = {
        name: EntryPoint(name, value, ENTRY_POINT_GROUP)
        for name, value in DETECTORS.items()
    }
    return {
        **own,
        **{each.name: each for each in entry_points(group=ENTRY_POINT_GROUP)},
    }


def get_detector(name: str) -> Detector:
    """Loads a detector.

    Args:
        name: Its name, or `module:function`.

    Raises:
        ValueError: If there is no such detector, or it cannot be loaded.
    """
    plugins = detector_names()
    plugin = plugins.get(name)
    if plugin is None and ":" in name and EntryPoint.pattern.match(name):
        plugin = EntryPoint(name, name, ENTRY_POINT_GROUP)
    if plugin is None:
        raise ValueError(
            f"`detector` must be a detector's name, or module:function. "
            f"{suggest(name, plugins)} Received: detector={name!r}"
        )
    try:
        return Detector(name, _load(plugin))
    except (Exception, SystemExit) as error:  # of the module's code: anything
        reason = str(error) if type(error) is ValueError else _describe(error)
        raise ValueError(f"detector {name!r} cannot be loaded: {reason}") from error


def _load(plugin: EntryPoint):
    """Imports a module, and returns its function.

    Raises:
        ValueError: If there is no such module or function.
        Exception: Of the module's code.
    """
    try:
        module = import_module(plugin.module)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if not f"{plugin.module}.".startswith(f"{missing}."):
            raise  # by an import of the module itself
        here = f"the current folder {os.getcwd()}, or of "
        here = here if {"", os.getcwd()} & {*sys.path} else ""
        files = [path.stem for path in Path().glob("*.py")] if here else []
        close = get_close_matches(missing, files, n=1)
        hint = f". Did you mean {close[0]!r}?" if close else ""
        raise ValueError(
            f"{missing!r} is no module of {here}the installed packages{hint}"
        ) from None
    function = module
    for name in plugin.attr.split("."):
        if not hasattr(function, name):
            public = [each for each in vars(function) if not each.startswith("_")]
            close = get_close_matches(name, public, n=1)
            hint = f". Did you mean {close[0]!r}?" if close else ""
            raise ValueError(f"{plugin.module} has no {plugin.attr!r}{hint}")
        function = getattr(function, name)
    if not callable(function):
        raise ValueError(f"{plugin.attr!r} is not a function, but {function!r:.80}")
    return function


def _describe(error: BaseException) -> str:
    """Describes an error of a plugin's code: its type, and the message's first line."""
    lines = str(error).strip().splitlines()
    return ": ".join((type(error).__name__, *lines[:1]))


def detect_hog(image) -> np.ndarray:
    """Detects people by histograms of oriented gradients, as OpenCV ships them.

    It detects upright, whole people on any CPU without a download, but misses many.

    Dalal, Triggs. Histograms of Oriented Gradients for Human Detection, CVPR 2005.
    https://doi.org/10.1109/CVPR.2005.177

    Args:
        image: `(height, width, 3)`, uint8, RGB.

    Returns:
        `(people, 5)`: boxes and scores above 0.

    Raises:
        ImportError: If this version of OpenCV lacks the detector.
    """
    size = image.shape[1::-1]
    whole = Window.from_rectangle(np.array([0.0, 0.0, *size]))
    factor = min(1, HOG_MAX_SIDE / max(size))
    small = tuple(max(1, round(factor * side)) for side in size)
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    if min(small) < min(HOG_SIZE):  # OpenCV does not return from smaller images
        return np.empty((0, 5))
    gray = cv2.resize(gray, small, interpolation=cv2.INTER_AREA)
    windows, scores = _hog_detector().detectMultiScale(
        gray, winStride=(8, 8), padding=(16, 16), scale=1.05
    )
    rows = [
        [*whole.part(window, small).part(HOG_PERSON, HOG_SIZE).box(), score]
        for window, score in zip(np.array(windows, float), np.ravel(scores))
        if score >= HOG_MIN_SCORE
    ]
    return np.array(rows, float).reshape(-1, 5)


@cache
def _hog_detector():
    if not hasattr(cv2, "HOGDescriptor"):
        raise ImportError(
            f"OpenCV {cv2.__version__} lacks the HOG detector, OpenCV 4 has it: "
            "pip install '.[hog]'"
        )
    detector = cv2.HOGDescriptor()
    detector.setSVMDetector(cv2.HOGDescriptor_getDefaultPeopleDetector())
    return detector
