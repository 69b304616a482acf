"""OpenCV's people detector: upright, whole people, on any CPU, with no download.

Dalal, Triggs. Histograms of Oriented Gradients for Human Detection, CVPR 2005.
https://doi.org/10.1109/CVPR.2005.177

It knows pedestrians alone, and misses many: whoever has a better detector plugs it in.

Person detectors: plugs that find the boxes whose joints the network then finds.

A detector is a function, `detect(picture) -> boxes`:

    picture: `(height, width, 3)`, uint8, RGB.
    boxes: `(people, 4)`, x and y of the first pixel, width and height, in pixels; a
        fifth column may hold scores. Nobody is `[]`.

An installed package brings one under a name of its choice by an entry point,

    [project.entry-points."keras_hourglass.detectors"]
    yolo = "my_package.people:detect"

and `get("yolo")`, or `hourglass-keras predict --detector yolo`, finds it. Without a
package, `my_module:detect` does as a name, too.
"""

from functools import cache
from importlib.metadata import EntryPoint, entry_points

import cv2
import numpy as np

from keras_hourglass.geometry import Window
from keras_hourglass.inference.boxes import to_boxes
from keras_hourglass.utils import suggest

SIZE = (64, 128)  # columns and rows of the window that it slides over the picture
BORDER = 8  # of its pixels around a person, half of what it was trained with
MIN_SIDE = 0.3  # score: below, most of what it finds is nobody
MAX_SIDE = 1024  # pixels of a picture: a longer one is shrunk first, for time's sake
INSIDE = np.array([BORDER, BORDER, *np.subtract(SIZE, 2 * BORDER)])


def detect_hog(picture) -> np.ndarray:
    """Boxes of people, and scores above 0, `(people, 5)`.

    Args:
        picture: `(height, width, 3)`, uint8, RGB.

    Raises:
        ImportError: If OpenCV comes without it.
    """
    size = picture.shape[1::-1]
    whole = Window.from_rectangle(np.array([0.0, 0.0, *size]))
    factor = min(1, MAX_SIDE / max(size))
    small = tuple(max(1, round(factor * side)) for side in size)
    gray = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    if min(small) < min(SIZE):  # it does not stop at what it cannot look into
        return np.empty((0, 5))
    gray = cv2.resize(gray, small, interpolation=cv2.INTER_AREA)
    windows, scores = _detector().detectMultiScale(
        gray, winStride=(8, 8), padding=(16, 16), scale=1.05
    )
    found = [
        [*whole.part(window, small).part(INSIDE, SIZE).box(), score]
        for window, score in zip(np.array(windows, float), np.ravel(scores))
        if score >= MIN_SIDE
    ]
    return np.array(found, float).reshape(-1, 5)


@cache
def _detector():
    if not hasattr(cv2, "HOGDescriptor"):
        raise ImportError(
            f"OpenCV {cv2.__version__} comes without it; OpenCV 4 has it: "
            "pip install 'keras-hourglass[hog]'"
        )
    detector = cv2.HOGDescriptor()
    detector.setSVMDetector(cv2.HOGDescriptor_getDefaultPeopleDetector())
    return detector


ENTRY_POINT_GROUP = "keras_hourglass.detectors"
DETECTORS = {"hog": "keras_hourglass.inference.detectors:detect"}


def detector_names() -> dict[str, EntryPoint]:
    """All detectors that there are, this library's own and those of other packages."""
    return {
        **{
            name: EntryPoint(name, value, ENTRY_POINT_GROUP)
            for name, value in DETECTORS.items()
        },
        **{plug.name: plug for plug in entry_points(group=ENTRY_POINT_GROUP)},
    }


def get_detector(name: str):
    """A detector, from its name.

    Returns:
        A function: picture -> `(people, 5)`, boxes and scores that are such.

    Raises:
        ValueError: If there is none of the name, or it cannot be loaded.
    """
    plugs = detector_names()
    plug = plugs.get(name) or (
        EntryPoint(name, name, ENTRY_POINT_GROUP) if ":" in name else None
    )
    if plug is None:
        raise ValueError(
            f"`detector` must be a detector's name, or module:function. "
            f"{suggest(name, plugs)} Received: detector={name!r}"
        )
    try:
        detect = plug.load()
    except (ImportError, AttributeError) as error:
        raise ValueError(f"detector {name!r} cannot be loaded: {error}") from error

    def checked(picture):
        try:
            return to_boxes(detect(picture))
        except (ImportError, ValueError) as error:
            raise ValueError(f"detector {name!r}: {error}") from error

    return checked
