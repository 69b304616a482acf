"""COCO's poses: all images of a dataset with the poses and boxes of all their people.

For evaluation of everyone on a photograph: people with few joints or none, and crowds
are there, which `load_coco` leaves out.
"""

from dataclasses import dataclass, replace

import numpy as np

from keras_hourglass.data.datasets.coco.boxes import read_photographs
from keras_hourglass.data.detection.photographs import Photographs
from keras_hourglass.data.readers.files import DatasetError
from keras_hourglass.data.readers.rows import parse_positive
from keras_hourglass.data.readers.sizes import compare_sizes, fit_photographs
from keras_hourglass.skeletons import Skeleton


@dataclass(frozen=True, eq=False)
class PhotographPoses:
    """N photographs, each with the poses of its people.

    Attributes:
        photographs: The `Photographs`, with a box for each person.
        skeleton: The skeleton of the joints.
        joints: For each photograph `(people, joints, 2)`, x before y, image pixels; 0
            where not labeled.
        labeled: For each photograph `(people, joints)`, bool.
        areas: For each photograph `(people,)`, pixels; NaN where unknown.
    """

    photographs: Photographs
    skeleton: Skeleton
    joints: tuple[np.ndarray, ...]
    labeled: tuple[np.ndarray, ...]
    areas: tuple[np.ndarray, ...]

    def __len__(self):
        return len(self.photographs)

    def select(self, rows) -> "PhotographPoses":
        """Selects photographs by their rows."""
        columns = {
            name: tuple(getattr(self, name)[row] for row in rows)
            for name in ("joints", "labeled", "areas")
        }
        return replace(self, photographs=self.photographs[rows], **columns)

    def match_sizes(self, rescale: bool = False) -> "PhotographPoses":
        """Fits labels to the image files; see `readers.sizes.match_sizes`."""
        differences, note = compare_sizes(self.photographs, rescale)
        photographs = fit_photographs(self.photographs, differences, rescale)
        photographs = photographs.with_notes(note) if note else photographs
        joints, areas = [*self.joints], [*self.areas]
        for row, path in enumerate(photographs.images):
            difference = differences.get(path)
            if difference is not None and difference.is_fitted(rescale):
                joints[row] = difference.fit(joints[row])
                areas[row] = areas[row] * difference.factor**2
        columns = {"joints": tuple(joints), "areas": tuple(areas)}
        return replace(self, photographs=photographs, **columns)


def load_poses(root, category: str | None = None, images=None) -> PhotographPoses:
    """Loads all images of a COCO dataset with the poses of a category.

    Args:
        root, category, images: See `load_coco`.

    Raises:
        DatasetError: If the folder does not hold the dataset.
    """
    photographs, entries, categories = read_photographs(
        root, category, images, "keypoints"
    )
    skeletons = {each.skeleton.joints: each.skeleton for each in categories}
    if len(skeletons) != 1:
        raise DatasetError(
            "`root` must hold images whose files list the same joints. "
            f"Received: root={str(root)!r}, with {len(skeletons)} lists of joints"
        )
    (skeleton,) = skeletons.values()
    count, joints, labeled = len(skeleton.joints), [], []
    for of_image in entries:
        rows = [_keypoints(entry, count) for entry in of_image]
        keypoints = np.array(rows).reshape(-1, count, 3)
        joints.append(keypoints[..., :2])
        labeled.append(keypoints[..., 2] > 0)
    areas = [
        np.array([parse_positive(entry.get("area")) for entry in of_image], float)
        for of_image in entries
    ]
    columns = map(tuple, (joints, labeled, areas))
    return PhotographPoses(photographs, skeleton, *columns)


def _keypoints(entry, count) -> np.ndarray:
    """`(joints, 3)`, x, y and 2 where it is labeled; of none that can be used, 0."""
    try:
        keypoints = np.array(entry.get("keypoints"), float).reshape(count, 3)
    except (TypeError, ValueError):
        return np.zeros((count, 3))
    usable = np.isfinite(keypoints).all(-1) & (keypoints[:, 2] > 0)
    return np.where(usable[:, None], keypoints, 0)
