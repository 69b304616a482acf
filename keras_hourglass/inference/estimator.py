"""Finding the joints of people in pictures."""

import os
from collections.abc import Iterator

from keras_hourglass.heatmaps.decode import DEFAULT_DECODER
from keras_hourglass.inference.batching import prefetch, run_batched
from keras_hourglass.inference.boxes import zip_boxes
from keras_hourglass.inference.images import is_single, iterate
from keras_hourglass.inference.keypoints import KeypointPredictor
from keras_hourglass.inference.pose import Pose
from keras_hourglass.inference.views import ViewBuilder
from keras_hourglass.models import presets
from keras_hourglass.models.loading import for_inference, load_model


class PoseEstimator:
    """Finds the joints of people in pictures.

    Args:
        model: A `StackedHourglass`, the path of one, or the name of a preset that
            has weights; by default, that which the package carries. With the weights
            that it has now: it is used in its inference form (`fuse`).
        flip: Looks at each person a second time, mirrored: slower, a little better.
        scales: What the windows' edges are multiplied by: each person is looked at
            once for each, and the heatmaps are averaged.
        looks: At a picture without boxes: the first at all of it, each other around
            what the one before has found.
        batch_size: People that the network sees at once. On a GPU, more are quicker.

    Raises:
        ValueError: If it is none of these.
    """

    def __init__(
        self,
        model=presets.DEFAULT_PRESET,
        flip: bool = False,
        scales: tuple[float, ...] = (1.0,),
        looks: int = 2,
        decoder: str = DEFAULT_DECODER,
        batch_size: int = 8,
    ):
        for name, value in {"looks": looks, "batch_size": batch_size}.items():
            if value < 1:
                raise ValueError(
                    f"`{name}` must be at least 1. Received: {name}={value}"
                )
        self.model = for_inference(load_model(model))
        self.flip, self.scales = flip, tuple(scales)
        self.looks, self.batch_size, self.decoder = looks, batch_size, decoder
        self._finder = KeypointPredictor(self.model, flip, self.scales, decoder)

    def __call__(self, pictures, boxes=None) -> list[list[Pose]] | list[Pose]:
        """Looks at people, in one picture or in several.

        Args:
            pictures: One, or any iterable of them, which is taken as it comes: a
                list, an array `(pictures, height, width, 3)`, a generator. A picture
                is a path; the bytes of a file; a PIL image; or an array of uint8:
                `(height, width, 3)`, RGB, with a fourth channel, which is left out,
                or gray with one or none.
            boxes: For each picture `(people, 4)`, or `(4,)` for one person: x and y
                of the first pixel, width and height; or a function that finds such
                boxes in the pixels `(height, width, 3)` of a picture. Without any, one
                person is looked for in each picture: in all of it, then around what
                was found.

        Returns:
            For each picture a list, with a `Pose` for each of its boxes. As Keras's
            layers for images do, what is given one picture gives one such list.

        Raises:
            OSError: If there is no such file.
            BrokenPicture: If a file cannot be read as a picture.
            ValueError: If pictures and boxes do not fit together, or are none.
        """
        if not is_single(pictures):
            return [*self.stream(pictures, boxes)]
        shared = boxes is None or callable(boxes)
        (poses,) = self.stream([pictures], boxes if shared else [boxes])
        return poses

    def stream(self, pictures, boxes=None, broken=None) -> Iterator[list[Pose]]:
        """Looks at people in pictures that come, in memory that does not grow.

        A few pictures are read ahead, and batches are filled from one picture to the
        next: what was found of a picture comes when its people's batch was full.

        Args:
            pictures: An iterable; see `__call__`.
            boxes: See `__call__`; an iterable of as many will do.
            broken: What to call with (picture, error) if a file cannot be read, in
                place of raising the error: nobody is then found in that picture.

        Yields:
            For each picture, a `Pose` for each of its boxes.
        """
        # What is in memory can be counted before it is looked at.
        listed = hasattr(pictures, "shape") or isinstance(pictures, (list, tuple))
        pictures = [*iterate(pictures)] if listed else iterate(pictures)
        looking = ViewBuilder(
            self.model.image_size[::-1], self.scales, broken is not None
        )
        pairs = zip_boxes(pictures, boxes)
        asked = prefetch(looking.first, enumerate(pairs), os.cpu_count() or 1)
        for _ in range(self.looks - 1 if boxes is None else 0):
            asked = (looking.nearer(*found) for found in self._looked(asked))
        for sight, found in self._looked(asked):
            if sight.failure:
                broken(*sight.failure)
            yield [
                Pose(joints, scores, box, self.model.skeleton.joints)
                for (joints, scores), box in zip(found, sight.boxes)
            ]

    def _looked(self, asked):
        """Sights, with the joints in picture pixels and scores of their windows."""
        for sight, found in run_batched(asked, self._ask, self.batch_size):
            joints = [
                window.to_image(points, self.model.heatmap_size)
                for window, (points, _) in zip(sight.windows, found)
            ]
            yield sight, [*zip(joints, (scores for _, scores in found))]

    def _ask(self, images, least):
        return zip(*self._finder.predict_keypoints(images, least))
