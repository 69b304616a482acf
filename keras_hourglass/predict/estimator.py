"""Finding the joints of people in pictures."""

import numpy as np

from keras_hourglass import presets
from keras_hourglass.data.warp import cut, shrink
from keras_hourglass.data.window import OF_BOX
from keras_hourglass.geometry import Crop
from keras_hourglass.predict.loading import load
from keras_hourglass.predict.network import find
from keras_hourglass.predict.pictures import region as pixels_of
from keras_hourglass.predict.pose import Pose
from keras_hourglass.predict.windows import around, checked


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
            boxes = [checked(box) for box in boxes]
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
            region = pixels_of(image)
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
