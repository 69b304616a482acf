"""From pictures to joints: the front door for those who have a trained network."""

from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from keras_hourglass import presets
from keras_hourglass.data import picture
from keras_hourglass.data.warp import cut, shrink
from keras_hourglass.data.window import OF_BOX, of_joints
from keras_hourglass.geometry import Crop
from keras_hourglass.heatmaps import decode
from keras_hourglass.model import StackedHourglass

NEAREST = 0.125  # of the first window: a second look is no nearer, whatever was found
SURE = 0.3  # of the highest score: joints below do not widen the second look


@dataclass(frozen=True)
class Pose:
    """What was found of one person.

    Attributes:
        joints: `(joints, 2)`, x before y, picture pixels, in the model's order.
        scores: `(joints,)`, heights of the heatmaps' peaks, about 0 to 1.
        box: `(4,)`, where the person was looked for: x, y, width, height, pixels.
        names: Of the joints.
    """

    joints: np.ndarray
    scores: np.ndarray
    box: np.ndarray
    names: tuple[str, ...]


class PoseEstimator:
    """Finds the joints of people in pictures.

    Args:
        model: A `StackedHourglass`, the path of one, or the name of a preset that
            has weights; by default, that which the package carries.
        flip: Looks at each person a second time, mirrored: slower, a little better.
        batch_size: People that the network sees at once.

    Raises:
        ValueError: If it is none of these.
    """

    def __init__(self, model=presets.SHIPPED, flip: bool = False, batch_size: int = 16):
        self.model = load(model)
        self.flip, self.batch_size = flip, batch_size

    def __call__(self, pictures, boxes=None) -> list[list[Pose]]:
        """Looks at people.

        Args:
            pictures: Paths, or RGB arrays `(height, width, 3)`, uint8.
            boxes: For each picture `(people, 4)`, or `(4,)` for one person: x and y
                of the first pixel, width and height. Without any, one person is
                looked for in each picture: in all of it, then once more around what
                was found.

        Returns:
            For each picture, a `Pose` for each of its boxes.

        Raises:
            ValueError: If pictures and boxes do not fit together.
            BrokenPicture: If a file cannot be read as a picture.
        """
        size = self.model.image_size[::-1]
        if boxes is None:
            first = self._look(pictures, [None] * len(pictures))
            windows = [[around(*found, size)] for (found,) in first]
            boxes = [[window.box()] for (window,) in windows]
        else:
            boxes = [_checked(box) for box in boxes]
            windows = [[Crop.of_box(b, OF_BOX, size) for b in part] for part in boxes]
        if len(pictures) != len(boxes):
            raise ValueError(
                "`boxes` must have an entry for each picture. Received: "
                f"{len(pictures)} pictures, {len(boxes)} boxes"
            )
        names = self.model.skeleton.joints
        return [
            [Pose(joints, sure, box, names) for (joints, sure, _), box in zip(*both)]
            for both in zip(self._look(pictures, windows), boxes)
        ]

    def _look(self, pictures, windows) -> list[list]:
        """Joints, scores and window for each window of each picture.

        In place of a picture's windows, None is for one of all of it.
        """
        size, crops, images, counts = self.model.image_size[::-1], [], [], []
        for image, part in zip(pictures, windows):
            region = _region(image)
            if part is None:
                part = [Crop.of_box(np.array([0.0, 0.0, *region.size]), size=size)]
            crops += part
            images += [cut(shrink(region, crop, size), crop, size) for crop in part]
            counts.append(len(part))
        found = self._find(crops, images)
        return [[next(found) for _ in range(count)] for count in counts]

    def _find(self, crops, images):
        """Joints in picture pixels, scores and window, of one after another."""
        for first in range(0, len(images), self.batch_size):
            batch = np.stack(images[first : first + self.batch_size])
            points, scores = find(self.model, batch, self.flip)
            for crop, joints, score in zip(crops[first:], points, scores):
                yield crop.to_image(joints, self.model.heatmap_size), score, crop


def around(joints, scores, seen: Crop, size: tuple[int, int]) -> Crop:
    """The window around joints that were found, of those that are sure enough.

    Args:
        joints: `(joints, 2)`, picture pixels.
        scores: `(joints,)`
        seen: The upright window that they were found in.
        size: Columns and rows of the grid that is to be laid on the new one.
    """
    near = of_joints(joints, scores >= SURE * scores.max())
    least = NEAREST * max(seen.right[0], seen.down[1])
    return Crop.around(near["center"], np.maximum(near["side"], least), size)


def load(model) -> StackedHourglass:
    """A network from its path or preset; a network is handed back.

    Raises:
        ValueError: If the file holds anything else.
    """
    if isinstance(model, StackedHourglass):
        return model
    if str(model) in presets.PRESETS:
        return StackedHourglass.from_preset(str(model), weights=True)
    if not Path(model).is_file():
        raise FileNotFoundError(
            "`model` must be a .keras file or a preset with weights. "
            f"Received: model={str(model)!r}"
        )
    try:
        loaded = keras.models.load_model(model, compile=False)
    except Exception as error:  # whatever a file of another kind provokes
        reason = str(error).strip().splitlines()[0]
        raise ValueError(f"{model} is no readable Keras model: {reason}") from error
    if not isinstance(loaded, StackedHourglass):
        raise ValueError(
            f"{model} must hold a StackedHourglass. Received: a {type(loaded).__name__}"
        )
    return loaded


def find(model: StackedHourglass, images, flip: bool = False):
    """Joints on images of the network's size.

    Args:
        model: The network.
        images: `(batch, height, width, 3)`, RGB, 0 to 255.
        flip: Averages the heatmaps with those of the mirrored images.

    Returns:
        points `(batch, joints, 2)`, heatmap pixels; scores `(batch, joints)`.
    """
    heatmaps = model.predict_on_batch(images)[:, -1]
    x, y = model.offset
    if flip:
        mirrored = model.predict_on_batch(images[:, :, ::-1])[:, -1]
        mirror = list(model.skeleton.mirror)
        heatmaps = (heatmaps + mirrored[:, :, ::-1][..., mirror]) / 2
        x = 0  # what one view is off to the right, the other is off to the left
    points, scores = decode(keras.ops.convert_to_tensor(heatmaps), (x, y))
    return tuple(keras.ops.convert_to_numpy(values) for values in (points, scores))


def _checked(box):
    box = np.atleast_2d(np.asarray(box, float))
    if box.ndim != 2 or box.shape[1] != 4 or not (box[:, 2:] > 0).all():
        raise ValueError(
            "`boxes` must be rows of x, y, width, height, the last two above 0. "
            f"Received: {box.tolist()}"
        )
    if not np.isfinite(box).all():
        raise ValueError(f"`boxes` must be finite. Received: {box.tolist()}")
    return box


def _region(image):
    if isinstance(image, str | Path):
        return picture.read(image)
    image = np.asarray(image)
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise ValueError(
            "`pictures` must be paths or uint8 arrays (height, width, 3). "
            f"Received: {image.dtype} {image.shape}"
        )
    return picture.whole(image)
