"""Poses: the keypoints of one person, and tables of many."""

from dataclasses import dataclass, replace
from html import escape
from typing import NamedTuple

import numpy as np

from keras_hourglass.data.readers.table import BOX_COLUMNS
from keras_hourglass.inference.sources.images import to_region
from keras_hourglass.skeletons import Skeleton
from keras_hourglass.utils import make_dataframe, suggest
from keras_hourglass.visualization.skeletons import (
    MIN_JOINT_SCORE,
    draw_skeleton,
    person_color,
)


class Keypoint(NamedTuple):
    """One keypoint.

    Attributes:
        x, y: Image pixels, from the center of the first pixel.
        score: As in `Pose.scores`, about 0 to 1.
    """

    x: float
    y: float
    score: float


@dataclass(frozen=True, eq=False, repr=False)
class Pose:
    """The keypoints of one person, as `PoseEstimator` predicts them.

    Two poses are equal if all their attributes are. A pose cannot be hashed, since its
    arrays can be changed; it can be pickled.

    Args:
        joints: `(joints, 2)`, x before y, image pixels, in the order of the skeleton.
        scores: `(joints,)`, about 0 to 1: if the network is calibrated, the probability
            that a joint is correct (PCKh@0.5), else the peak of its heatmap.
        box: `(4,)`, the box of the person or of the window that was searched: x, y,
            width, height, image pixels.
        skeleton: The network's `Skeleton`: names of the joints, and limbs.
        box_score: Score of the box, about 0 to 1; None where its source gives none.
        id: Number of the person in a video; None where people are not tracked.
        peaks: `(joints,)`, peaks of the heatmaps, which windows and tracking compare;
            by default the scores.
        min_joint_score: Joints of lower scores are `uncertain`, and not drawn.

    Example:

    ```python
    import numpy as np
    import keras_hourglass as kh

    image = np.full((480, 640, 3), 127, "uint8")  # or "photo.jpg"
    (pose,) = kh.PoseEstimator(detector=None)(image)
    x, y, score = pose["left_wrist"]
    print(pose.score, pose.to_dict())
    drawn = pose.plot(image)
    ```
    """

    joints: np.ndarray
    scores: np.ndarray
    box: np.ndarray
    skeleton: Skeleton
    box_score: float | None = None
    id: int | None = None
    peaks: np.ndarray | None = None
    min_joint_score: float = MIN_JOINT_SCORE

    def __post_init__(self):
        if self.peaks is None:
            object.__setattr__(self, "peaks", self.scores)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the joints."""
        return self.skeleton.joints

    @property
    def score(self) -> float:
        """Mean of the scores of all joints, about 0 to 1."""
        return float(np.mean(self.scores))

    @property
    def certainty(self) -> float:
        """Score of the box; 1 where its source gives none."""
        return 1.0 if self.box_score is None else float(self.box_score)

    @property
    def mean_peak(self) -> float:
        """Mean of the peaks of all joints, which tracking compares."""
        return float(np.mean(self.peaks))

    @property
    def certain(self) -> np.ndarray:
        """`(joints,)`, bool: which joints have scores of `min_joint_score` or more."""
        return np.asarray(self.scores) >= self.min_joint_score

    @property
    def uncertain(self) -> tuple[str, ...]:
        """Names of the other joints: of lower scores, or NaN."""
        return tuple(name for name, sure in zip(self.names, self.certain) if not sure)

    def __getitem__(self, name: str) -> Keypoint:
        """Gives the keypoint of a joint.

        Args:
            name: One of `names`, in any usual spelling.

        Raises:
            KeyError: If the skeleton has no such joint.
        """
        if name not in self:
            raise KeyError(
                f"`name` must be a joint. {suggest(name, self.names)} "
                f"Received: name={name!r}"
            )
        (index,) = self.skeleton.indices([name])
        return Keypoint(*map(float, (*self.joints[index], self.scores[index])))

    def __contains__(self, name) -> bool:
        return isinstance(name, str) and name in self.skeleton

    def __iter__(self):
        """Yields the names of the joints, as a mapping does."""
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def __eq__(self, other) -> bool:
        if not isinstance(other, Pose):
            return NotImplemented
        ours, theirs = (
            (each.skeleton, each.box_score, each.id, each.min_joint_score)
            for each in (self, other)
        )
        return ours == theirs and all(
            np.array_equal(ours, theirs, equal_nan=True)
            for ours, theirs in [
                (self.joints, other.joints),
                (self.scores, other.scores),
                (self.peaks, other.peaks),
                (self.box, other.box),
            ]
        )

    def round(self) -> "Pose":
        """Rounds pixels to two digits, and scores and peaks to four."""
        joints, box = (np.asarray(a, float).round(2) for a in (self.joints, self.box))
        scores, peaks = (
            np.asarray(a, float).round(4) for a in (self.scores, self.peaks)
        )
        certainty = None if self.box_score is None else round(float(self.box_score), 4)
        places = {"joints": joints, "box": box, "box_score": certainty}
        return replace(self, scores=scores, peaks=peaks, **places)

    def to_dict(self) -> dict:
        """Converts to plain Python types, for JSON.

        Returns:
            `"score"`, the mean; `"box"`: `[x, y, width, height]`; `"joints"`: name ->
            `[x, y]`; `"scores"`: name -> score; `"uncertain"`: names of joints, see
            `uncertain`; `"box_score"` and `"id"`, if known.
        """
        known = {} if self.box_score is None else {"box_score": float(self.box_score)}
        known |= {} if self.id is None else {"id": int(self.id)}
        return {
            "score": self.score,
            "box": np.asarray(self.box, float).tolist(),
            "joints": dict(zip(self.names, np.asarray(self.joints, float).tolist())),
            "scores": dict(zip(self.names, np.asarray(self.scores, float).tolist())),
            "uncertain": [*self.uncertain],
            **known,
        }

    def plot(self, image, exif: bool = True) -> np.ndarray:
        """Draws the skeleton on a copy of an image, a tracked person in one color.

        Joints that are `uncertain` are left out, with their limbs.

        Args:
            image: Path, bytes, PIL image or array; see `PoseEstimator`.
            exif: Whether a PIL image is turned as its EXIF orientation says.

        Returns:
            `(height, width, 3)`, uint8, RGB.
        """
        pixels = to_region(image, exif=exif).pixels
        style = {"color": person_color(self.id), "min_score": self.min_joint_score}
        return draw_skeleton(pixels, self.joints, self.skeleton, self.scores, **style)

    def __repr__(self) -> str:
        x, y, width, height = np.asarray(self.box, float).tolist()
        box = f"x={x:.1f}, y={y:.1f}, width={width:.1f}, height={height:.1f}"
        number = "" if self.id is None else f"id={self.id}, "
        score = f"{number}score={self.score:.3f}"
        return f"<Pose of {len(self)} joints, {score}, box: {box}>"

    def _repr_html_(self) -> str:
        """Shows a table of the keypoints in a notebook."""
        rows = "".join(
            f"<tr><td>{escape(name)}</td><td>{x:.1f}</td><td>{y:.1f}</td>"
            f"<td>{score:.3f}</td></tr>"
            for name, (x, y, score) in ((name, self[name]) for name in self)
        )
        head = "".join(f"<th>{name}</th>" for name in ("joint", "x", "y", "score"))
        caption = f"<caption>{escape(repr(self)[1:-1])}</caption>"
        return f"<table>{caption}<tr>{head}</tr>{rows}</table>"


class FramePoses(list):
    """The poses in a frame of a video: a list of `Pose`, with the frame's time.

    The frame itself is not kept, so that the poses of a whole video fit in memory.

    Args:
        poses: An iterable of `Pose`.
        time: Seconds since the first frame.
        index: Index of the frame, from 0.

    Example:

    ```python
    import numpy as np
    import keras_hourglass as kh

    frame = kh.Frame(np.zeros((48, 64, 3), "uint8"), time=0.5, index=12)
    (poses,) = kh.PoseEstimator(detector=None).stream([frame])
    print(poses.time, poses.index, poses[0]["left_wrist"])
    ```
    """

    def __init__(self, poses, time: float, index: int):
        super().__init__(poses)
        self.time, self.index = time, index


def to_dataframe(poses):
    """Converts poses to a pandas DataFrame with a row for each person.

    Args:
        poses: A list of `Pose`, of one image; a list of such lists, one for each
            image; or a single `Pose`.

    Returns:
        A `pandas.DataFrame` with the columns `image`, the index of the image; of
        videos `time`, in seconds; `x`, `y`, `width`, `height`, the person's box;
        `box_score` and `id`, where some are known; for each joint `NAME_x`, `NAME_y`,
        in image pixels, and `NAME_score`; and `uncertain`, names of joints, see `Pose`.

    Raises:
        ImportError: If pandas is not installed.

    Example:

    ```python
    import numpy as np
    import keras_hourglass as kh

    images = [np.full((480, 640, 3), value, "uint8") for value in (0, 127)]
    frame = kh.to_dataframe(kh.PoseEstimator(detector=None)(images))
    print(frame[["image", "left_wrist_x", "left_wrist_y", "left_wrist_score"]])
    ```
    """
    if not isinstance(poses, FramePoses):
        poses = [poses] if isinstance(poses, Pose) else [*poses]
    if all(isinstance(pose, Pose) for pose in poses):
        poses = [poses]
    rows = []
    for image, people in enumerate(poses):
        for pose in people:
            row = {"image": image}
            if isinstance(people, FramePoses):
                row["time"] = people.time
            row |= dict(zip(BOX_COLUMNS, map(float, pose.box)))
            known = {"box_score": pose.box_score, "id": pose.id}
            row |= {name: each for name, each in known.items() if each is not None}
            for name in pose:
                for field, value in pose[name]._asdict().items():
                    row[f"{name}_{field}"] = value
            row["uncertain"] = ", ".join(pose.uncertain)
            rows.append(row)
    return make_dataframe(rows, None if rows else ["image", *BOX_COLUMNS])
