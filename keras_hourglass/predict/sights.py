"""What is looked at of each picture, look after look."""

from typing import NamedTuple

import numpy as np

from keras_hourglass.data.picture import BrokenPicture, Region
from keras_hourglass.data.window import OF_BOX
from keras_hourglass.geometry import Crop
from keras_hourglass.predict import boxes, windows
from keras_hourglass.predict.pictures import region


class Sight(NamedTuple):
    """A picture, and where people are looked for on it.

    Attributes:
        windows: One for each person.
        boxes: `(4,)` for each person: what is said of where one was looked for.
        kept: The picture and the window of all of it, if it is looked at again.
        failure: The picture as it was given and the error, if it cannot be read.
    """

    windows: list[Crop]
    boxes: np.ndarray | list
    kept: tuple[Region, Crop] | None = None
    failure: tuple | None = None


class Looking(NamedTuple):
    """How pictures are looked at.

    Attributes:
        size: Width and height of the images that the network sees.
        scales: What the windows' edges are multiplied by.
        forgiving: Whether a picture that cannot be read is no error.
    """

    size: tuple[int, int]
    scales: tuple[float, ...]
    forgiving: bool = False

    def first(self, numbered) -> tuple[Sight, list[np.ndarray]]:
        """A sight and its images, of (number, (picture, boxes)) as they were given."""
        number, (image, around) = numbered
        name = f"picture {number}"
        try:
            read = region(image, name)
        except (BrokenPicture, OSError) as error:
            if not self.forgiving:
                raise
            return Sight([], [], failure=(image, error)), []
        if around is None:
            window = windows.whole(read, self.size)
            kept = windows.enough(read, min(self.scales), self.size)
            return self._seen(kept, Sight([window], [window.box()], (kept, window)))
        around = around(read.pixels) if callable(around) else around
        people = boxes.inside(boxes.checked(around, name), read.size, name)
        crops = [Crop.of_box(box, OF_BOX, self.size) for box in people]
        return self._seen(read, Sight(crops, people))

    def nearer(self, sight: Sight, found) -> tuple[Sight, list[np.ndarray]]:
        """The next look at a picture: around the joints and scores of the last."""
        if sight.failure:
            return sight, []
        ((joints, scores),), (read, first) = found, sight.kept
        window = windows.around(joints, scores, first, self.size)
        return self._seen(read, Sight([window], [window.box()], sight.kept))

    def _seen(self, read, sight):
        look = [windows.seen(read, w, self.scales, self.size) for w in sight.windows]
        return sight, look
