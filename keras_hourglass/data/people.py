"""The people of a dataset, as columns: what every reader returns."""

from dataclasses import dataclass, fields, replace

import numpy as np

from keras_hourglass.skeletons import Skeleton

HEAD_SIZE_RATIO = 0.1  # of the window: MPII's head size where no head box is known


@dataclass(frozen=True)
class People:
    """N people with J joints, one row each.

    Attributes:
        skeleton: What the joints are.
        images: `(N,)`, strings: paths, or what `read` makes pictures of.
        joints: `(N, J, 2)`, float32, picture pixels, x before y.
        weights: `(N, J)`, float32, 0 where absent, else how far the label is trusted.
        centers: `(N, 2)`, float32, middle of the window, picture pixels.
        sides: `(N,)`, float32, its longer edge, picture pixels.
        head_sizes: `(N,)`, float32, the length errors are measured in, picture pixels.
        splits: `(N,)`, strings: "train" or "val".
        names: `(N,)`, strings, to tell a person by in a message.
        readers: `(N,)`, what makes RGB pixels of the picture; None where it is a file.
        visible: `(N, J)`, float32, 1 where a joint is seen, 0 where something hides it,
            NaN where nobody says.
        num_others: `(N,)`, float32, other people who are labelled in the image, NaN
            where that is unknown.
        source_sizes: `(N,)`, float32, the window's longer edge in the photograph,
            before it was shrunk, pixels.
        areas: `(N,)`, float32, how many pixels the person covers, NaN where unknown.
        notes: What was left out or assumed, in sentences for the user.
    """

    skeleton: Skeleton
    images: np.ndarray
    joints: np.ndarray
    weights: np.ndarray
    centers: np.ndarray
    sides: np.ndarray
    head_sizes: np.ndarray
    splits: np.ndarray
    names: np.ndarray
    readers: np.ndarray
    visible: np.ndarray
    num_others: np.ndarray
    source_sizes: np.ndarray
    areas: np.ndarray
    notes: tuple[str, ...] = ()

    def __len__(self):
        return len(self.sides)

    def take(self, rows) -> "People":
        """The people of some rows: indices, a slice or a mask."""
        columns = [f.name for f in fields(self) if f.name not in EMPTY_COLUMNS]
        return replace(self, **{name: getattr(self, name)[rows] for name in columns})

    def of_split(self, split: str) -> "People":
        """The people of one split."""
        return self.take(self.splits == split)

    def with_notes(self, *notes: str) -> "People":
        """The same people, with more to tell the user."""
        return replace(self, notes=(*self.notes, *notes))

    def to_skeleton(self, skeleton: Skeleton) -> "People":
        """The same people with another skeleton's joints, found by their names.

        One that these people lack is the middle of others where it lies there (see
        `Skeleton.midpoint_of`), as far trusted as the least of them, else of weight 0.
        """
        if skeleton == self.skeleton:
            return self
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


EMPTY_COLUMNS = {"skeleton", "notes"}


def from_rows(skeleton: Skeleton, rows: list[dict], **kwargs) -> People:
    """Builds `People` from one dictionary per person.

    Args:
        skeleton: Of the joints of each row.
        rows: Each with `image`, `joints`, `weights`, `center`, `side` and, where
            known, `head_size`, `split`, `name`, `reader`, `visible`, `num_others`,
            `source_size` and `area`: one person's entry of the columns of `People`.
        kwargs: Other attributes of `People`.
    """
    count = len(skeleton.joints)

    def column(name, default=None, dtype=object, shape=(-1,)):
        values = [row[name] if name in row else default(row) for row in rows]
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
        splits=column("split", lambda row: "train"),
        readers=column("reader", lambda row: None),
        names=column("name", lambda row: row["image"]),
        visible=numbers("visible", lambda row: [np.nan] * count, (-1, count)),
        num_others=numbers("num_others", lambda row: np.nan),
        source_sizes=numbers("source_size", lambda row: row["side"]),
        areas=numbers("area", lambda row: np.nan),
        **kwargs,
    )


def concatenate(parts: list[People]) -> People:
    """All people of several datasets with one skeleton, none of them drawn."""
    columns = [f.name for f in fields(People) if f.name not in EMPTY_COLUMNS]
    rows = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in columns
    }
    notes = tuple(note for part in parts for note in part.notes)
    return replace(parts[0], notes=notes, **rows)
