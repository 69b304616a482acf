"""COCO's keypoints, as its own evaluation and others read results.

https://cocodataset.org/#format-results
"""

import json
from contextlib import contextmanager

import numpy as np

from keras_hourglass.boxes.coco import PERSON
from keras_hourglass.boxes.found import image_id
from keras_hourglass.skeleton import COCO


@contextmanager
def writing(file, skeleton, frames):
    """See `formats.FORMATS`. Joints that a network does not know are 0, 0, 0.

    Raises:
        ValueError: If it knows none of COCO's, or there are frames of videos.
    """
    if frames:
        raise ValueError("COCO's keypoints are of pictures, not of videos")
    known = [name for name in COCO.joints if name in skeleton.joints]
    if not known:
        raise ValueError(
            "COCO's keypoints need a network with joints of COCO's. "
            f"Received: joints={skeleton.joints}"
        )
    theirs, ours = [*COCO.indices(known)], [*skeleton.indices(known)]
    before = "[\n"

    def write(seen, drawn=None):
        nonlocal before
        for index, pose in enumerate(seen.poses):
            keypoints = np.zeros((len(COCO.joints), 3))
            keypoints[theirs, :2] = pose.joints[ours].round(2)
            keypoints[theirs, 2] = pose.scores[ours].astype(float).round(4)
            certain = 1 if seen.certain is None else seen.certain[index]
            found = {
                "image_id": image_id(seen.shot.source.name),
                "category_id": PERSON,
                "bbox": pose.box.round(2).tolist(),
                "keypoints": keypoints.ravel().tolist(),
                "score": round(float(certain * pose.scores[ours].mean()), 4),
            }
            file.write(before + json.dumps(found))
            before = ",\n"

    yield write
    file.write("[]\n" if before == "[\n" else "\n]\n")
