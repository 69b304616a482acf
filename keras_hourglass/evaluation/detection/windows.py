"""Windows in which people are predicted: true, shaken, or of a detector's boxes.

PCKh is published for the windows of a dataset. Users have a detector's, which are off,
or lack a person. Labels, and the lengths that errors are measured in, are those of the
dataset in any window. A kind of windows is a subclass of `Windows`, found by
`get_windows`.
"""

from collections import defaultdict
from dataclasses import replace

import numpy as np

from keras_hourglass.data.detection.photographs import Photographs
from keras_hourglass.data.people import People
from keras_hourglass.data.warp import BOX_PADDING, JOINTS_PADDING
from keras_hourglass.evaluation.detection.evaluator import detect_people
from keras_hourglass.evaluation.detection.matching import assign, box_similarities
from keras_hourglass.geometry import Window, X, Y
from keras_hourglass.inference.detectors import load_detector

TRUE, SHAKEN = "true", "shaken"
# Of a shaken window's center, x and y each, in its side without `BOX_PADDING`: that of
# the box, where the window is of a box.
MAX_SHIFT = 0.1
MAX_SCALING = 0.1  # of its side, up and down
SEED = 0
MIN_IOU = 0.5  # of a detector's box and the true one of the person that it is of


class Windows:
    """The windows of the dataset: those in which PCKh is published.

    Attributes:
        name: "true", "shaken", or the name of a detector.
    """

    name = TRUE

    def require(self, people: People):
        """Raises a ValueError if people cannot be given such windows."""

    def place(
        self, people: People, padding: float = BOX_PADDING
    ) -> tuple[People, People | None]:
        """Gives people these windows.

        Args:
            people: In the dataset's windows.
            padding: Of windows made of boxes, those of the network; see
                `views.WINDOW_RULES`.

        Returns:
            The same people in their new windows, and those without one; None in place
            of the latter where windows follow from the dataset's.
        """
        return people, None


class ShakenWindows(Windows):
    """True windows, moved and scaled at random, as a good detector's are off.

    Drawn from each person's own window: they are the same for every network, in any
    part of the dataset.
    """

    name = SHAKEN

    def place(self, people, padding=BOX_PADDING):
        windows = np.column_stack([people.centers, people.sides]).astype("float32")
        drawn = np.array(
            [
                np.random.default_rng([SEED, *row.view("uint32")]).uniform(-1, 1, 3)
                for row in windows
            ]
        ).reshape(-1, 3)
        boxes = people.sides[:, None] / BOX_PADDING
        centers = people.centers + MAX_SHIFT * drawn[:, :2] * boxes
        return move(
            people, centers, people.sides * (1 + MAX_SCALING * drawn[:, 2])
        ), None


class DetectedWindows(Windows):
    """Windows of the boxes that a detector finds, made as `PoseEstimator` makes them.

    The boxes of a photograph are assigned to its people by intersection over union, of
    at least `MIN_IOU`. On a photograph that cannot be read, people keep their windows:
    prediction lists it.

    Args:
        detector: What `load_detector` takes.
        batch_size: Photographs per call of the detector.
        broken: What to do with an image that cannot be read: "error" or "skip".
    """

    def __init__(self, detector, batch_size: int = 8, broken: str = "error"):
        try:
            self.detector = load_detector(detector)
        except ValueError as error:  # which names the argument of another function
            message = str(error).replace("Received: detector=", "Received: boxes=")
            names = f"`boxes` must be {TRUE!r}, {SHAKEN!r}, or"
            message = message.replace("`detector` must be", names)
            raise ValueError(message) from None
        self.name = self.detector.name
        self.batch_size, self.broken = batch_size, broken
        self._boxes = {}  # of each image: several networks are evaluated in them

    def require(self, people):
        shrunk = ~np.isclose(people.source_sizes, people.sides, rtol=1e-3)
        crops = np.flatnonzero(shrunk | (people.photographs != people.images))
        if len(crops):
            raise ValueError(
                "`boxes` of a detector need whole photographs, not crops of people. "
                f"Received: boxes={self.name!r}, a crop {people.images[crops[0]]!r}"
            )

    def place(self, people, padding=BOX_PADDING):
        self.require(people)
        self._detect(people)
        of_image = defaultdict(list)
        for row, key in enumerate(_keys(people)):
            of_image[key].append(row)
        truth, found = true_boxes(people), np.zeros(len(people), bool)
        centers, sides = people.centers.astype(float), people.sides.astype(float)
        for key, rows in of_image.items():
            if (boxes := self._boxes[key]) is None:
                found[rows] = True
                continue
            no_crowds = np.zeros(len(rows), bool)
            similarity = box_similarities(boxes, truth[rows], no_crowds)
            chosen = assign(similarity, MIN_IOU)
            rows = np.array(rows)[chosen >= 0]
            windows = Window.from_box(boxes[chosen[chosen >= 0]], padding)
            centers[rows], sides[rows] = windows.center, windows.right[:, 0]
            found[rows] = True
        return move(people, centers, sides)[found], people[~found]

    def _detect(self, people):
        """Detects the people on photographs that are new."""
        rows = {key: row for row, key in enumerate(_keys(people))}
        rows = [row for key, row in rows.items() if key not in self._boxes]
        empty = [()] * len(rows)  # true boxes, which a detector does not need
        photographs = Photographs(
            images=people.images[rows],
            sizes=people.listed_sizes[rows],
            splits=people.splits[rows],
            boxes=empty,
            is_crowd=empty,
            readers=people.readers[rows],
        )
        found = detect_people(self.detector, photographs, self.batch_size, self.broken)
        for key, boxes, readable in zip(
            _keys(people[rows]), found.boxes, found.readable
        ):
            self._boxes[key] = np.asarray(boxes, float) if readable else None


def describe_boxes(name: str) -> str:
    """Describes windows by the name of their kind, for tables."""
    return f"{name} boxes" if name in (TRUE, SHAKEN) else f"boxes of {name!r}"


def get_windows(boxes, batch_size: int = 8, broken: str = "error") -> Windows:
    """Makes the windows that a name stands for.

    Args:
        boxes: "true", "shaken", what `load_detector` takes, or `Windows`, which are
            returned.
        batch_size, broken: See `DetectedWindows`.

    Raises:
        FileNotFoundError, ModuleNotFoundError, ValueError: As `load_detector`.
    """
    if isinstance(boxes, Windows):
        return boxes
    named = {kind.name: kind for kind in (Windows, ShakenWindows)}
    if isinstance(boxes, str) and boxes in named:
        return named[boxes]()
    return DetectedWindows(boxes, batch_size, broken)


def move(people: People, centers, sides) -> People:
    """Gives people other windows. Labels and reference lengths stay.

    Args:
        people: The people.
        centers: `(N, 2)`, middle of the window, image pixels.
        sides: `(N,)`, its longer edge, image pixels.
    """
    return replace(
        people,
        centers=np.asarray(centers, "float32"),
        sides=np.asarray(sides, "float32"),
        source_sizes=(people.source_sizes * sides / people.sides).astype("float32"),
    )


def true_boxes(people: People) -> np.ndarray:
    """Computes people's boxes, `(N, 4)`: x, y, width, height, image pixels.

    Readers keep a box as its size and, as its middle, that of the window, unless the
    dataset has windows of its own: then the box is that around the labeled joints.
    """
    sizes, labeled = people.box_sizes.astype(float), people.weights[..., None] > 0
    with np.errstate(divide="ignore"):
        padding = people.sides / sizes.max(axis=1)
    is_own = ~np.isclose(padding[:, None], (BOX_PADDING, JOINTS_PADDING), 1e-3).any(1)
    is_own &= labeled.any(axis=(1, 2))
    low = np.where(labeled, people.joints, np.inf).min(axis=1)
    high = np.where(labeled, people.joints, -np.inf).max(axis=1)
    middles = people.centers.astype(float)
    middles[is_own] = (low + high)[is_own] / 2
    return Window(middles, sizes[:, :1] * X, sizes[:, 1:] * Y).box()


def _keys(people):
    """Identifies the image of each person: a value means nothing without its reader."""
    return zip(people.images, people.readers)
