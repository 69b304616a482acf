"""COCO output: a dataset with the network's own category, or results of COCO's 17.

https://cocodataset.org/#format-data and https://cocodataset.org/#format-results
"""

import json
import logging

import numpy as np

from keras_hourglass.inference.boxes import image_id
from keras_hourglass.skeletons import COCO, PERSON, Skeleton
from keras_hourglass.utils import plural

PERSON_CATEGORY = 1  # COCO's number of `PERSON`
OTHER = "object"  # the category's name where nothing says it
# COCO's flags of a joint that is labeled: not visible, or visible. Here, the first is
# of joints that are uncertain: programs for annotation show them in another way.
UNCERTAIN, CERTAIN = 1, 2

logger = logging.getLogger(__name__)


def own_category(skeleton: Skeleton) -> dict:
    """Makes the category of a skeleton: its joints, and its limbs, counted from 1."""
    is_person = skeleton.is_person and len(skeleton.torso) == 2
    return {
        "id": PERSON_CATEGORY,
        "name": skeleton.category or (PERSON if is_person else OTHER),
        "keypoints": [*skeleton.joints],
        "skeleton": [
            [i + 1 for i in skeleton.indices(ends)] for ends in skeleton.limbs
        ],
    }


class CocoWriter:
    """Writes a COCO dataset: images, annotations, and the network's own category.

    An annotation also has `score`, as results have, and `keypoint_scores`; that of a
    person who is tracked `track_id`. Joints that are `Pose.uncertain` have the flag 1,
    others 2; those with a peak of 0 or less have 0.

    Args:
        file: A text file opened for writing.
        skeleton: The network's skeleton.
        has_frames: Whether there are frames of videos, and not images alone.
        name_of: Function from an `InputSource` to its name in the file.
        images: An `ImageList` with the ids and names of the images, and, if it has
            one with the network's joints, the category. By default, an id is the
            number that the file is named by, as in COCO, or else the first free one.

    Raises:
        ValueError: If there are frames.
    """

    def __init__(self, file, skeleton, has_frames, name_of, images=None):
        _require_images(has_frames)
        self.file, self.name_of, self.images = file, name_of, images
        self.category = _category(skeleton, images)
        self.joints = skeleton.indices(self.category["keypoints"])
        self._listed, self._count = {}, 0
        self._free_id = 1  # the least id that may be free
        self.file.write(f'{{"categories": [{json.dumps(self.category)}],\n')
        self.file.write('"annotations": [')

    def write(self, result, drawing=None):
        """Writes a result; see `JsonLinesWriter`."""
        image = self._image_of(result.frame)
        for entry, pose in _entries(result, image["id"], self.joints):
            flags = np.where(pose.certain, CERTAIN, UNCERTAIN)
            flags = np.where(pose.peaks > 0, flags, 0)[[*self.joints]]
            keypoints = np.column_stack([pose.joints[[*self.joints]], flags])
            self._count += 1
            entry = {
                "id": self._count,
                **entry,
                "category_id": self.category["id"],
                "area": round(float(pose.box[2] * pose.box[3]), 2),
                "iscrowd": 0,
                "num_keypoints": int((flags > 0).sum()),
                "keypoints": _plain(keypoints),
                "keypoint_scores": pose.scores[[*self.joints]].tolist(),
            }
            self.file.write("," * (self._count > 1) + "\n" + json.dumps(entry))

    def finish(self):
        """Writes what ends the file."""
        images = ",\n".join(map(json.dumps, self._listed.values()))
        self.file.write(f'\n],\n"images": [\n{images}\n]}}\n')

    def _image_of(self, frame):
        """Returns the entry of an image, made at its first result."""
        name = frame.source.name
        if self.images is None:
            number = image_id(name)
            if not isinstance(number, int) or number in self._listed:
                while self._free_id in self._listed:
                    self._free_id += 1
                number = self._free_id
            entry = {"id": number, "file_name": self.name_of(frame.source)}
        else:
            entry = self.images.find(name)
            entry = {key: entry[key] for key in ("id", "file_name")}
        height, width = frame.pixels.shape[:2]
        return self._listed.setdefault(
            entry["id"], {**entry, "width": width, "height": height}
        )


class Coco17Writer:
    """Writes a list of COCO's keypoint results, for its own evaluation among others.

    The network's joints are projected onto COCO's 17, by name: what is lost is logged.
    Joints that the network lacks are 0, 0, 0; the third number of others is the score.
    A result also has `uncertain`, names of joints; see `Pose`.

    Args: See `CocoWriter`.

    Raises:
        ValueError: If the network has no joint of COCO's, or there are frames.
    """

    def __init__(self, file, skeleton, has_frames, name_of, images=None):
        _require_images(has_frames)
        known = [name for name in COCO.joints if name in skeleton]
        if not known:
            raise ValueError(
                "`format` must be 'coco' for a network without joints of COCO's. "
                f"Received: format='coco17', joints={skeleton.joints}"
            )
        self.category = _category(COCO, images)
        self.places = [*Skeleton(self.category["keypoints"]).indices(known)]
        self.joints = [*skeleton.indices(known)]
        self.file, self.images, self.separator = file, images, "[\n"
        self._unnumbered = {}  # names of images without a number, each once
        _log_loss(skeleton)

    def write(self, result, drawing=None):
        """Writes a result; see `JsonLinesWriter`."""
        number = image_id(result.frame.source.name)
        if self.images is not None:
            number = self.images.find(result.frame.source.name)["id"]
        elif not isinstance(number, int):
            self._unnumbered[number] = None
        for entry, pose in _entries(result, number, self.joints):
            keypoints = np.zeros((len(COCO.joints), 3))
            keypoints[self.places, :2] = pose.joints[self.joints]
            keypoints[self.places, 2] = pose.scores[self.joints]
            names, certain = self.category["keypoints"], pose.certain[self.joints]
            entry |= {
                "category_id": self.category["id"],
                "keypoints": _plain(keypoints),
                "uncertain": [names[i] for i in np.array(self.places)[~certain]],
            }
            self.file.write(self.separator + json.dumps(entry))
            self.separator = ",\n"

    def finish(self):
        """Writes what ends the file."""
        self.file.write("[]\n" if self.separator == "[\n" else "\n]\n")
        if self._unnumbered:
            logger.warning(
                "%s not named by a number, first %s: their image_id is the name; "
                "`images_json=FILE` gives numbers",
                plural(len(self._unnumbered), "image is", "images are"),
                next(iter(self._unnumbered)),
            )


def require_numbers(names):
    """Checks that COCO's numbers tell images apart, which results name by them.

    Raises:
        ValueError: If two images have one number.
    """
    owners = {}
    for name in names:
        if (other := owners.setdefault(image_id(name), name)) != name:
            raise ValueError(
                f"both {other} and {name} have the number {image_id(name)}, by which "
                "`format='coco17'` tells images apart: `images_json=FILE` gives others"
            )


def _require_images(has_frames):
    if has_frames:
        raise ValueError("COCO's keypoints are of images, not of videos")


def _category(skeleton, images):
    """Returns the listed category with a skeleton's joints, or else its own."""
    category = None if images is None else images.category_of(skeleton)
    if images is not None and category is None and images.categories:
        logger.warning(
            "%s has no category with the joints %s: written as category %s",
            *(images.path, ", ".join(skeleton.joints), PERSON_CATEGORY),
        )
    return category or own_category(skeleton)


def _entries(result, number, joints):
    """Yields what both formats say of a person, and the rounded `Pose`."""
    for pose in result.poses:
        score = float(pose.certainty * pose.scores[[*joints]].mean())
        pose = pose.round()
        entry = {"image_id": number, "bbox": pose.box.tolist()}
        if pose.id is not None:
            entry["track_id"] = pose.id
        yield {**entry, "score": round(score, 4)}, pose


def _plain(keypoints):
    """Flattens numbers to a list, with integers where they are whole."""
    return [int(x) if x == int(x) else x for x in keypoints.ravel().tolist()]


def _log_loss(skeleton):
    """Logs which joints a projection onto COCO's 17 loses, and which it lacks."""
    lost = [name for name in skeleton.joints if name not in COCO]
    lacking = [name for name in COCO.joints if name not in skeleton]
    if lost:
        count = plural(len(lost), "joint", "joints")
        logger.warning("coco17 leaves out %s: %s", count, ", ".join(lost))
    if lacking:
        logger.warning(
            "coco17: the network lacks %s of COCO's 17 joints, written as 0, 0, 0: %s",
            *(len(lacking), ", ".join(lacking)),
        )
