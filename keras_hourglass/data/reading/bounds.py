"""What a person of a dataset can be, so that no number is nonsense further on."""

import numpy as np

FARTHEST = 2.0**20  # pixels: no picture that OpenCV reads has so many columns or rows
SMALLEST = 1.0  # pixel: a window of less shows nothing


def within(row: dict, names: tuple[str, ...]) -> dict:
    """A row of `people.from_rows`, once its numbers are such that geometry holds.

    Where joints of weight 0 are no usable numbers, they become 0.

    Args:
        row: Its joints and weights have the right shapes.
        names: Of the joints.

    Raises:
        ValueError: If a joint, the window or the head lies beyond all pictures, or is
            no number; says which.
    """
    joints, weights = (np.asarray(row[key], float) for key in ("joints", "weights"))
    if not ((0 <= weights) & (weights <= 1)).all():
        raise ValueError("weights of joints must lie in 0 to 1")
    usable = (np.abs(joints) <= FARTHEST).all(-1)  # also false of what is no number
    if (wrong := ~usable & (weights > 0)).any():
        first = int(wrong.argmax())
        raise ValueError(
            f"joint {names[first]!r} must be two finite numbers of up to "
            f"{FARTHEST:,.0f} pixels, not {joints[first].tolist()}"
        )
    center, side = np.asarray(row["center"], float), float(row["side"])
    if center.shape != (2,) or not (np.abs(center) <= FARTHEST).all():
        raise ValueError(
            f"`center` must be two finite numbers of up to {FARTHEST:,.0f} pixels, "
            f"not {center.tolist()}"
        )
    if not SMALLEST <= side <= FARTHEST:
        raise ValueError(
            f"`side` must be {SMALLEST:g} to {FARTHEST:,.0f} pixels, not {side:g}"
        )
    if not 0 <= float(row.get("head_size", 0)) <= FARTHEST:
        raise ValueError(
            f"`head_size` must be 0 to {FARTHEST:,.0f} pixels, not {row['head_size']}"
        )
    if row.get("split", "train") not in ("train", "val"):
        raise ValueError(f"`split` must be 'train' or 'val', not {row['split']!r}")
    return {**row, "joints": np.where(usable[:, None], joints, 0)}
