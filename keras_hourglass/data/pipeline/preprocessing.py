"""Preprocessing: a person's image and label, from the pixels of their photograph."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from keras_hourglass.data.augmentation import Augmentation
from keras_hourglass.data.augmentation.occlusion import Occluder
from keras_hourglass.data.augmentation.truncation import Truncation
from keras_hourglass.data.images.decoding import ImageRegion
from keras_hourglass.data.people import People
from keras_hourglass.data.warp import antialias, warp
from keras_hourglass.geometry import Window

OUTSIDE = -1e4  # heatmap pixels: x and y of a joint beyond the end of the photograph


class SampleParams(NamedTuple):
    """Random parameters of one sample, drawn before its image is read.

    Attributes:
        window: Part of the image that becomes the sample.
        flipped: Whether it is mirrored, so that left and right change places.
        random: Generator for the rest of the sample; None without augmentation.
        occluder: A limb of another person that is pasted over the sample.
        truncation: Where the photograph ends within the sample.
    """

    window: Window
    flipped: bool = False
    random: np.random.Generator | None = None
    occluder: Occluder | None = None
    truncation: Truncation | None = None


@dataclass(frozen=True)
class Preprocessor:
    """Makes samples of people. The same (turn, index) always gives the same sample.

    A *place* is such a pair: the person's turn, of which an epoch may have several, and
    the person's row; see `EpochSampler`.

    Attributes:
        dataset: People to make samples of.
        image_size: Width and height of the image, pixels.
        heatmap_size: Width and height of the heatmaps, in whose pixels labels are.
        augmentation: Random changes; None for none.
        seed: Seed of the augmentation.
    """

    dataset: People
    image_size: tuple[int, int]
    heatmap_size: tuple[int, int]
    augmentation: Augmentation | None = None
    seed: int = 0

    @property
    def label_shape(self) -> tuple[int, int]:
        """Shape of the label of one sample."""
        return len(self.dataset.skeleton.joints), 4

    @property
    def blank_label(self) -> np.ndarray:
        """The label of padding and of an image that cannot be read."""
        return np.zeros(self.label_shape, "float32")

    def sample_params(self, places) -> list[SampleParams]:
        """Draws the parameters of samples, which say which pixels must be read.

        Args:
            places: (turn, index) of each.
        """
        people, rows = self.dataset, [index for _, index in places]
        centers, sides = people.centers[rows], people.sides[rows]
        windows = Window.from_center(
            centers.astype(float), sides.astype(float), self.image_size
        )
        if self.augmentation is None:
            return [*map(SampleParams, map(Window, *windows))]
        randoms = [np.random.default_rng((self.seed, *place)) for place in places]
        joints, labeled = people.joints[rows], people.weights[rows] > 0
        windows, flipped = self.augmentation.transform_windows(
            windows, randoms, joints, labeled, self._halves()
        )
        truncations = [*map(self.augmentation.sample_truncation, randoms)]
        occluders = [
            self.augmentation.sample_occluder(people, index, self.image_size, random)
            for index, random in zip(rows, randoms)
        ]
        windows = map(Window, *windows)
        columns = windows, flipped.tolist(), randoms, occluders, truncations
        return [*map(SampleParams, *columns)]

    def sample(
        self,
        region: ImageRegion,
        index: int,
        params: SampleParams,
        occluder: ImageRegion | None = None,
    ):
        """Makes the image and the label of one person.

        Args:
            region: Pixels of the image that cover the window.
            index: Row of the person.
            params: From `sample_params`.
            occluder: Pixels that cover the occluder's window.
        """
        image = self.augment_pixels(self.crop(region, params), params, occluder)
        return image, self.labels([index], [params])[0]

    def crop(
        self, region: ImageRegion, params: SampleParams, out: np.ndarray | None = None
    ):
        """Crops the window: `(height, width, 3)`, uint8, RGB.

        Args:
            region: Pixels of the image that cover the window.
            params: From `sample_params`.
            out: Array to write to; by default, a new one.
        """
        region = antialias(region, params.window, self.image_size)
        return warp(region, params.window, self.image_size, out)

    def augment_pixels(
        self,
        image: np.ndarray,
        params: SampleParams,
        occluder: ImageRegion | None = None,
    ) -> np.ndarray:
        """Pastes the occluder, changes colors and truncates, in place.

        Args:
            image: From `crop`; it is overwritten.
            params: From `sample_params`.
            occluder: Pixels that cover the occluder's window; without them none is
                pasted.
        """
        if params.occluder is not None and occluder is not None:
            image = params.occluder.paste(image, occluder)
        if params.random is not None:
            image = self.augmentation.augment_pixels(image, params.random)
        if params.truncation is not None:
            image = params.truncation.apply(image)
        return image

    def labels(self, indices, params: list[SampleParams]) -> np.ndarray:
        """Makes labels `(people, joints, 4)`, float32; see `heatmaps.labels`.

        All people at once: sixteen take hardly longer than one. Joints beyond the end
        of a truncated photograph lie outside of the heatmap.
        """
        people, rows = self.dataset, [*indices]
        windows = Window(*map(np.stack, zip(*(p.window for p in params))))
        scale = windows.scale(self.heatmap_size)
        labels = np.empty((*people.weights[rows].shape, 4), "float32")
        labels[..., :2] = windows.to_grid(people.joints[rows], self.heatmap_size)
        labels[..., 2] = people.weights[rows]
        labels[..., 3] = (people.reference_lengths[rows] * scale)[:, None]
        flipped = [row for row, p in enumerate(params) if p.flipped]
        labels[flipped] = labels[flipped][:, list(people.skeleton.flip_indices)]
        for label, p in zip(labels, params):
            if p.truncation is not None:
                hidden = p.truncation.hides(label[:, :2], self.heatmap_size)
                label[hidden, :2] = OUTSIDE
        return labels

    def _halves(self):
        """`(2, joints)`, bool: the joints of the upper and of the lower body."""
        skeleton = self.dataset.skeleton
        joints = range(len(skeleton.joints))
        return np.array([[j in half for j in joints] for half in skeleton.upper_lower])
