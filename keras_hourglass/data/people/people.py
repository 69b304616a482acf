"""People of a dataset, as columns: the form that every reader returns."""

import os
from collections import Counter
from dataclasses import dataclass, fields, replace
from operator import index as as_index
from typing import ClassVar

import numpy as np

from keras_hourglass.data.people.person import Person
from keras_hourglass.data.people.splits import split_dataset
from keras_hourglass.data.people.validation import as_rows, validate_people
from keras_hourglass.data.warp import box_size_of_joints
from keras_hourglass.skeletons import SKELETONS, Skeleton

HEAD_SIZE_RATIO = 0.1  # of the window: MPII's head size where no head box is known


@dataclass(frozen=True, eq=False, repr=False)
class People:
    """N people with J joints each, one row per person.

    An integer index gives a `Person`; a slice, a list of rows or a mask gives
    `People`. Iteration gives one `Person` after another.

    Attributes:
        skeleton: Names and limbs of the joints.
        images: `(N,)`, strings: paths, or the values that `readers` read.
        joints: `(N, J, 2)`, float32, image pixels, x before y. NaN of weight 0 is set
            to 0, as are infinity and what lies beyond 1,048,576 pixels.
        weights: `(N, J)`, float32, 0 where absent, else the label's trust, up to 1.
        centers: `(N, 2)`, float32, middle of the window, image pixels.
        sides: `(N,)`, float32, its longer edge, image pixels.
        head_sizes: `(N,)`, float32, size of the head, image pixels; a tenth of the
            window's edge where it is unknown.
        box_sizes: `(N, 2)`, float32, width and height of the person's box, image
            pixels; where none is given, of the box around the labeled joints, or for
            one joint alone of the window without its padding.
        splits: `(N,)`, strings: "train", "val" or "test".
        names: `(N,)`, strings that identify the people in messages.
        readers: `(N,)`, functions that give an image's RGB pixels; None where the
            image is a file.
        visible: `(N, J)`, float32, 1 where a joint is visible, 0 where it is
            occluded, NaN where that is unknown.
        num_others: `(N,)`, float32, other people who are labeled in the image, NaN
            where that is unknown.
        source_sizes: `(N,)`, float32, the window's longer edge in the original
            photograph, before it was shrunk, pixels.
        areas: `(N,)`, float32, pixels that the person covers, NaN where unknown.
        photographs: `(N,)`, strings: the original photograph, where `images` are
            crops of it; else the image.
        listed_sizes: `(N, 2)`, float32, width and height of the image, pixels, as the
            annotations list them; NaN where they do not.
        notes: Sentences for the user: people left out, and assumptions made.

    Raises:
        ValueError: If joints, weights, windows or sizes are not valid; names a person.

    Example:

    ```python
    import keras_hourglass as kh

    people = kh.load_dataset("synthetic", 20)
    print(people[0].name, people[0].joints.shape)
    train, val = people.split("train"), people.split("val")
    ```
    """

    skeleton: Skeleton
    images: np.ndarray
    joints: np.ndarray
    weights: np.ndarray
    centers: np.ndarray
    sides: np.ndarray
    head_sizes: np.ndarray
    box_sizes: np.ndarray
    splits: np.ndarray
    names: np.ndarray
    readers: np.ndarray
    visible: np.ndarray
    num_others: np.ndarray
    source_sizes: np.ndarray
    areas: np.ndarray
    photographs: np.ndarray
    listed_sizes: np.ndarray
    notes: tuple[str, ...] = ()
    unit: ClassVar = "person", "people"  # of a row, for messages

    def __post_init__(self):
        object.__setattr__(self, "joints", validate_people(self))

    def __len__(self):
        return len(self.sides)

    def __getitem__(self, rows):
        """Selects a `Person` by an integer, `People` by a slice, rows or a mask."""
        if not isinstance(rows, slice):
            try:
                return self._person(as_index(rows))
            except TypeError:
                rows = as_rows(rows)
        columns = {name: getattr(self, name)[rows] for name in _columns()}
        return replace(self, **columns)

    def __iter__(self):
        return map(self._person, range(len(self)))

    def __repr__(self):
        names = [name for name, known in SKELETONS.items() if known == self.skeleton]
        splits = sorted(Counter(self.splits).items())
        splits = [f"{count:,} {split}" for split, count in splits]
        return (
            f"<People: {len(self):,} ({', '.join(splits)}), "
            f"{len(self.skeleton.joints)} joints{f' of {names[0]}' if names else ''}, "
            f"{self._origin()}>"
        )

    @property
    def reference_lengths(self) -> np.ndarray:
        """`(N,)`, image pixels: the lengths that the skeleton's errors are measured in.

        See `Skeleton.measure`. A person whose length is 0 is not scored.
        """
        if self.skeleton.measure.is_pckh:
            return self.head_sizes
        return self.box_sizes.max(axis=1)

    @property
    def source_box_lengths(self) -> np.ndarray:
        """`(N,)`, pixels: longer side of the box in the original photograph.

        To a hundredth, so that float32's rounding, which differs with the window, moves
        no person across a bound.
        """
        shrunk = self.source_sizes.astype(float) / self.sides
        return np.round(self.box_sizes.max(axis=1) * shrunk, 2)

    def split(self, name: str | None = None, *, val_share=None, seed: int = 0):
        """Selects the people of one split, or splits people without a marked split.

        Args:
            name: "train", "val" or "test": the people that the dataset marks so.
            val_share: In place of `name`, the share of photographs to hold out for
                validation, above 0 and below 1. All people of a photograph are on
                the same side, also where each has an image of their own.
            seed: Integer that decides which photographs `val_share` holds out.

        Returns:
            `People`; with `val_share`, a pair of them: train and val.

        Raises:
            ValueError: If the split has no people, or `val_share` is given although
                some people are marked for validation.

        Example:

        ```python
        import keras_hourglass as kh

        people = kh.load_dataset("synthetic", 20)
        train, val = people.split("train"), people.split("val")
        train, held_out = train.split(val_share=0.1, seed=0)
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

        Every epoch has all people once; the last batch may be smaller. Order and
        augmentation are functions of the seed, the epoch and the person's row alone,
        the same on every backend. An epoch counts once all of its batches were
        taken: the first batch that Keras inspects before training does not.

        Args:
            model: A `StackedHourglass`, to whose skeleton and image size people are
                converted; or an image size in pixels, an integer or (height, width),
                each a multiple of 4, for the dataset's own skeleton.
            batch_size: People in a batch.
            augmentation: None, a name of `AUGMENTATIONS` ("paper", "modern", "photo",
                "photo_weak", "light"), or an `Augmentation`.
            shuffle: Whether each epoch has an order of its own; else that of the rows.
            seed: Integer; another one gives another order and other augmentation.
            first_epoch: Epoch to begin with, as `initial_epoch` of `fit`.
            backend: "tensorflow", "jax" or "torch"; by default Keras's own. The first
                gives a `tf.data.Dataset`, the second a `keras.utils.PyDataset`.
                "torch", when given, is for plain PyTorch: a map-style
                `torch.utils.data.Dataset` of single samples, with `set_epoch`, whose
                batches a `DataLoader` makes.
            broken: Images that cannot be read: "error" raises; "skip" gives a black
                image with an all-zero label, which is neither trained nor scored.

        Returns:
            A finite dataset of known length. Images `(batch, height, width, 3)`,
            uint8, RGB; labels `(batch, joints, 4)`, float32: x, y, weight, reference
            length, in heatmap pixels.

        Raises:
            ValueError: If an argument is unknown, or the people have none of the
                model's joints.

        Example:

        ```python
        import keras_hourglass as kh

        people = kh.load_dataset("synthetic", 20)
        batches = people.split("train").batches(
            64, batch_size=8, augmentation="modern", shuffle=True
        )
        images, labels = next(iter(batches))
        ```
        """
        from keras_hourglass.data.pipeline.batches import make_batches

        how = augmentation, shuffle, seed, first_epoch, backend, broken
        return make_batches(self, model, batch_size, *how)

    def plot(
        self,
        count: int = 12,
        *,
        augmentation=None,
        seed: int = 0,
        columns: int = 6,
        broken: str = "error",
    ) -> np.ndarray:
        """Draws people in their windows with their skeletons, right orange, left blue.

        Args:
            count: People to draw; fewer where the dataset has fewer.
            augmentation: None, a name of `AUGMENTATIONS`, or an `Augmentation`, to
                see the samples of training. Then people may come several times.
            seed: Integer that decides on people and augmentation.
            columns: People in a row of the grid.
            broken: Images that cannot be read: "error" raises, "skip" draws black.

        Returns:
            `(height, width, 3)`, uint8, RGB: 256 pixels to a person.

        Raises:
            ImageDecodeError: If an image cannot be read; names file and person.

        Example:

        ```python
        import keras_hourglass as kh

        grid = kh.load_dataset("synthetic", 20).plot(count=6)
        ```
        """
        from keras_hourglass.data.contact_sheet import contact_sheet

        return contact_sheet(self, count, seed, augmentation, broken, columns)[0]

    def with_notes(self, *notes: str) -> "People":
        """Returns the same people with more notes for the user."""
        return replace(self, notes=(*self.notes, *notes))

    def to_skeleton(self, skeleton: Skeleton) -> "People":
        """Returns the same people with another skeleton's joints, matched by name.

        A joint that these people lack is the middle of others where it lies there
        (see `Skeleton.midpoint_of`), with the least of their weights, else of
        weight 0.
        """
        if skeleton == self.skeleton:
            return replace(self, skeleton=skeleton)
        shape = len(self), len(skeleton.joints)
        joints, weights = np.zeros((*shape, 2), "float32"), np.zeros(shape, "float32")
        visible = np.full(shape, np.nan, "float32")
        for i, name in enumerate(skeleton.joints):
            if around := [*self.skeleton.midpoint_of(name)]:
                joints[:, i] = self.joints[:, around].mean(1)
                weights[:, i] = self.weights[:, around].min(1)
                visible[:, i] = self.visible[:, around].min(1)
        changed = {"joints": joints, "weights": weights, "visible": visible}
        return replace(self, skeleton=skeleton, **changed)

    def trainable_on(self, skeleton: Skeleton, dataset: str = "dataset") -> "People":
        """Returns those who have joints of a skeleton, converted to it, with a note.

        Args:
            skeleton: Joints to train or to score.
            dataset: Name of the dataset, for messages.

        Raises:
            ValueError: If there is no such person.
        """
        people = self.to_skeleton(skeleton)
        useful = people.weights.any(axis=1)
        if not useful.any():
            joints, own = map(", ".join, (skeleton.joints, self.skeleton.joints))
            raise ValueError(
                f"{dataset} has none of the joints {joints}; its own are {own}: a "
                "network that is trained with `skeleton='dataset'` has them"
            )
        if useful.all():
            return people
        return people[useful].with_notes(
            f"{(~useful).sum():,} of {len(people):,} people of {dataset} have none of "
            "the joints to train: left out"
        )

    def _person(self, row):
        columns = {f.name: f.name + "s" for f in fields(Person) if f.name != "skeleton"}
        columns |= {"joints": "joints", "weights": "weights", "visible": "visible"}
        values = {name: getattr(self, col)[row] for name, col in columns.items()}
        for name in ("side", "head_size"):
            values[name] = float(values[name])
        return Person(skeleton=self.skeleton, **values)

    def _origin(self):
        """The folder of the images, or the function that makes them."""
        if not len(self):
            return "no images"
        if self.readers[0] is not None:
            return f"images from {getattr(self.readers[0], '__name__', 'a function')}"
        folders = {os.path.dirname(path) for path in map(str, self.images)}
        if len(folders) > 1:
            return f"images in {len(folders)} folders"
        return f"images in {folders.pop() or os.curdir}"


def _columns():
    return [f.name for f in fields(People) if f.name not in ("skeleton", "notes")]


def from_rows(skeleton: Skeleton, rows: list[dict], **kwargs) -> People:
    """Builds `People` from one dictionary per person.

    Args:
        skeleton: Of the joints of each row.
        rows: Each with `image`, `joints`, `weights`, `center`, `side` and, where
            known, `head_size`, `box_size`, `split`, `name`, `reader`, `visible`,
            `num_others`, `source_size`, `area`, `photograph` and `listed_size`: one
            person's entry of the columns of `People`.
        kwargs: Other attributes of `People`.
    """
    count = len(skeleton.joints)

    def column(name, default=None, dtype=object, shape=(-1,)):
        values = [row[name] if name in row else default(row) for row in rows]
        with np.errstate(over="ignore"):  # to infinity, which is validated
            return np.array(values, dtype).reshape(shape)

    def numbers(name, default=None, shape=(-1,)):
        return column(name, default, "float32", shape)

    return People(
        skeleton=skeleton,
        images=column("image"),
        joints=numbers("joints", shape=(-1, count, 2)),
        weights=numbers("weights", shape=(-1, count)),
        centers=numbers("center", shape=(-1, 2)),
        sides=numbers("side"),
        head_sizes=numbers("head_size", lambda row: HEAD_SIZE_RATIO * row["side"]),
        box_sizes=numbers("box_size", box_size_of_joints, (-1, 2)),
        splits=column("split", lambda row: "train"),
        readers=column("reader", lambda row: None),
        names=column("name", lambda row: row["image"]),
        visible=numbers("visible", lambda row: [np.nan] * count, (-1, count)),
        num_others=numbers("num_others", lambda row: np.nan),
        source_sizes=numbers("source_size", lambda row: row["side"]),
        areas=numbers("area", lambda row: np.nan),
        photographs=column("photograph", lambda row: row["image"]),
        listed_sizes=numbers("listed_size", lambda row: [np.nan] * 2, (-1, 2)),
        **kwargs,
    )


def concatenate(parts: list[People]) -> People:
    """Joins people of several datasets that have the same skeleton."""
    columns = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in _columns()
    }
    notes = tuple(note for part in parts for note in part.notes)
    return replace(parts[0], notes=notes, **columns)
