"""Photographs of a dataset with the boxes of their people, as columns."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from operator import index as as_index
from pathlib import PurePath
from typing import ClassVar, NamedTuple

import numpy as np

from keras_hourglass.data.people.splits import split_dataset
from keras_hourglass.data.people.validation import as_rows


class Photograph(NamedTuple):
    """A photograph with the boxes of its people.

    Attributes:
        image: Path, or the value that `reader` reads it from.
        size: `(2,)`, width and height, pixels; NaN where they are unknown.
        split: "train", "val" or "test".
        boxes: `(people, 4)`, float32: x, y, width, height, image pixels.
        is_crowd: `(people,)`, bool: whether a box is an ignored area.
        reader: Function that gives the image's RGB pixels; None where it is a file.
    """

    image: str
    size: np.ndarray
    split: str
    boxes: np.ndarray
    is_crowd: np.ndarray
    reader: Callable | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Photographs:
    """N photographs, each with the boxes of all its people; of some there are none.

    An integer index gives a `Photograph`; a slice, a list of rows or a mask gives
    `Photographs`. Iteration gives one `Photograph` after another.

    Attributes:
        images: `(N,)`, strings: paths, or the values that `readers` read.
        sizes: `(N, 2)`, float32, width and height, pixels; NaN where they are unknown.
        splits: `(N,)`, strings: "train", "val" or "test".
        boxes: `(N,)`, for each photograph `(people, 4)`, float32: x, y, width, height,
            where x, y is the index of the first pixel, image pixels.
        is_crowd: `(N,)`, for each photograph `(people,)`, bool: whether a box is an
            ignored area, such as a crowd under one label. Such an area is neither
            trained nor scored.
        readers: `(N,)`, functions that give an image's RGB pixels; None where the
            image is a file. By default, all are files.
        notes: Sentences for the user: boxes left out, and the reason.

    Raises:
        ValueError: If the columns differ in length, or a box is not four finite
            numbers with sides above 0; names the photograph.

    Example:

    ```python
    import keras_hourglass as kh

    photographs = kh.load_photographs("synthetic", 20)
    print(photographs[0].boxes.shape)
    batches = photographs.split("train").batches(
        64, batch_size=8, augmentation="detect", shuffle=True
    )
    images, labels = next(iter(batches))  # (8, 64, 64, 3), (8, 32, 5)
    ```
    """

    images: np.ndarray
    sizes: np.ndarray
    splits: np.ndarray
    boxes: np.ndarray
    is_crowd: np.ndarray
    readers: np.ndarray | None = None
    notes: tuple[str, ...] = ()
    unit: ClassVar = "photograph", "photographs"

    def __post_init__(self):
        count = len(self.images)
        readers = [None] * count if self.readers is None else self.readers
        columns = {
            "images": _objects(self.images),
            "sizes": np.array(self.sizes, "float32").reshape(-1, 2),
            "splits": _objects(self.splits),
            "boxes": _objects(
                np.asarray(b, "float32").reshape(-1, 4) for b in self.boxes
            ),
            "is_crowd": _objects(np.asarray(c, bool) for c in self.is_crowd),
            "readers": _objects(readers),
        }
        lengths = {name: len(column) for name, column in columns.items()}
        if {*lengths.values()} != {count}:
            raise ValueError(f"columns must have one length. Received: {lengths}")
        for name, column in columns.items():
            object.__setattr__(self, name, column)
        for image, boxes, is_crowd in zip(self.images, self.boxes, self.is_crowd):
            if len(boxes) != len(is_crowd):
                raise ValueError(
                    "`is_crowd` must have a value for each box. "
                    f"Received: {len(is_crowd)} of {len(boxes)}, photograph {image!r}"
                )
            if not (np.isfinite(boxes).all() and (boxes[:, 2:] > 0).all()):
                raise ValueError(
                    "`boxes` must be finite numbers, their sides above 0. "
                    f"Received: {boxes.tolist()}, photograph {image!r}"
                )

    def __len__(self):
        return len(self.images)

    def __getitem__(self, rows):
        """Selects a `Photograph` by an integer, else `Photographs`."""
        if not isinstance(rows, slice):
            try:
                row = as_index(rows)
            except TypeError:
                rows = as_rows(rows)
            else:
                columns = (self.images, self.sizes, self.splits, self.boxes)
                columns = *columns, self.is_crowd, self.readers
                return Photograph(*(column[row] for column in columns))
        columns = {name: getattr(self, name)[rows] for name in _columns()}
        return replace(self, **columns)

    def __iter__(self):
        return (self[row] for row in range(len(self)))

    def __repr__(self):
        splits = sorted(Counter(self.splits).items())
        splits = [f"{count:,} {split}" for split, count in splits]
        return (
            f"<Photographs: {len(self):,} ({', '.join(splits)}), "
            f"{self.num_people:,} people, {self.num_ignored:,} ignored areas>"
        )

    @property
    def photographs(self) -> np.ndarray:
        """`(N,)`: what splits keep together, as `People.photographs`."""
        return self.images

    @property
    def listed_sizes(self) -> np.ndarray:
        """`(N, 2)`: the sizes, as `People.listed_sizes`."""
        return self.sizes

    @property
    def names(self) -> np.ndarray:
        """`(N,)`, strings that identify the photographs in messages."""
        return _objects(PurePath(str(image)).name for image in self.images)

    @property
    def num_ignored(self) -> int:
        """Number of ignored areas."""
        return sum(int(is_crowd.sum()) for is_crowd in self.is_crowd)

    @property
    def num_people(self) -> int:
        """Number of boxes that hold a person."""
        return sum(map(len, self.boxes)) - self.num_ignored

    def split(self, name: str | None = None, *, val_share=None, seed: int = 0):
        """Selects the photographs of one split, or splits those without marks.

        Args:
            name: "train", "val" or "test": the photographs that are marked so.
            val_share: In place of `name`, the share of photographs to hold out for
                validation, above 0 and below 1.
            seed: Integer that decides which ones `val_share` holds out.

        Returns:
            `Photographs`; with `val_share`, a pair of them: train and val.

        Raises:
            ValueError: If the split has no photographs, or `val_share` is given
                although some are marked for validation.

        Example:

        ```python
        import keras_hourglass as kh

        photographs = kh.load_photographs("synthetic", 20)
        train, val = photographs.split("train"), photographs.split("val")
        ```
        """
        return split_dataset(self, name, val_share, seed)

    def batches(
        self,
        model,
        batch_size: int = 16,
        augmentation=None,
        shuffle: bool = False,
        seed: int = 0,
        first_epoch: int = 0,
        backend: str | None = None,
        broken: str = "error",
    ):
        """Makes batches of images and labels for `fit`, `evaluate` or `predict`.

        Each photograph is once in an epoch: whole, scaled to fit into the image on
        black (letterbox), or with augmentation in a random window. Order and
        augmentation depend on the seed, the epoch and the row alone.

        Args:
            model: A `PersonDetector`, or an image size in pixels, an integer or
                (height, width), each a multiple of 4.
            batch_size: Photographs in a batch.
            augmentation: None, a name of `DETECTION_AUGMENTATIONS` ("detect",
                "detect_light"), or a `DetectionAugmentation`.
            shuffle, seed, first_epoch, backend, broken: See `People.batches`; a
                photograph that is skipped is ignored as a whole.

        Returns:
            A finite dataset of known length. Images `(batch, height, width, 3)`,
            uint8, RGB; labels `(batch, 32, 5)`, float32: x, y, width, height in
            heatmap pixels, and weight: 1 a person, -1 an ignored area, 0 an empty row.

        Raises:
            ValueError: If an argument is unknown.

        Example:

        ```python
        import keras_hourglass as kh

        photographs = kh.load_photographs("synthetic", 20).split("val")
        images, labels = next(iter(photographs.batches((64, 96), batch_size=4)))
        ```
        """
        from keras_hourglass.data.pipeline.batches import make_box_batches

        how = augmentation, shuffle, seed, first_epoch, backend, broken
        return make_box_batches(self, model, batch_size, *how)

    def plot(
        self,
        count: int = 12,
        *,
        augmentation=None,
        seed: int = 0,
        columns: int = 4,
        broken: str = "error",
    ) -> np.ndarray:
        """Draws photographs with the boxes of their people; ignored areas are gray.

        Args:
            count: Photographs to draw; fewer where the dataset has fewer.
            augmentation: See `batches`; to see the samples of training. Then
                photographs may come several times.
            seed: Integer that decides on photographs and augmentation.
            columns: Photographs in a row of the grid.
            broken: Images that cannot be read: "error" raises, "skip" draws black.

        Returns:
            `(height, width, 3)`, uint8, RGB: 320 pixels to a photograph.

        Raises:
            ImageDecodeError: If an image cannot be read; names the file.

        Example:

        ```python
        import keras_hourglass as kh

        grid = kh.load_photographs("synthetic", 20).plot(count=4, augmentation="detect")
        ```
        """
        from keras_hourglass.data.detection.contact_sheet import photograph_sheet

        return photograph_sheet(self, count, seed, augmentation, broken, columns)[0]

    def with_notes(self, *notes: str) -> "Photographs":
        """Returns the same photographs with more notes for the user."""
        return replace(self, notes=(*self.notes, *notes))


def concatenate(parts: list[Photographs]) -> Photographs:
    """Joins the photographs of several datasets."""
    columns = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in _columns()
    }
    notes = tuple(note for part in parts for note in part.notes)
    return Photographs(notes=notes, **columns)


def _columns():
    return [f.name for f in fields(Photographs) if f.name != "notes"]


def _objects(values) -> np.ndarray:
    """Makes an array of objects, which may be arrays themselves."""
    values = [*values]
    return np.fromiter(values, object, len(values))
