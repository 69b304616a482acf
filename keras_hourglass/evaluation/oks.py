"""Object keypoint similarity: average precision by COCO's own evaluation.

Lin et al. Microsoft COCO: Common Objects in Context, ECCV 2014.
https://cocodataset.org/#keypoints-eval
"""

from contextlib import redirect_stdout
from io import StringIO

import numpy as np

from keras_hourglass.data.people import People
from keras_hourglass.skeletons import COCO

NAMES = ("AP", "AP50", "AP75", "AP medium", "AP large")
NAMES += ("AR", "AR50", "AR75", "AR medium", "AR large")
PERSON = 1  # COCO's category


def average_precision(people: People, joints, scores) -> dict:
    """Computes OKS average precision of one pose per person, with given boxes.

    Only joints that COCO and the skeleton share are evaluated, on the people that
    `people` holds: of COCO, those with at least five labeled joints.

    Args:
        people: With known `areas`.
        joints: `(people, joints, 2)`, x before y, image pixels.
        scores: `(people, joints)`; a pose's score is the mean of its joints.

    Returns:
        "AP" and so on, 0 to 1, -1 where there are no people of that size; "people",
        the number of evaluated people; and "joints", the evaluated joints' names.

    Raises:
        ImportError: If pycocotools is not installed.
    """
    try:
        from pycocotools.coco import COCO as Annotations
        from pycocotools.cocoeval import COCOeval
    except ImportError as error:
        raise ImportError("OKS requires pycocotools: pip install '.[coco]'") from error
    shared = [name for name in COCO.joints if name in people.skeleton.joints]
    indices, columns = COCO.indices(shared), [*people.skeleton.indices(shared)]
    labeled = np.zeros((len(people), len(COCO.joints)), bool)
    labeled[:, indices] = people.weights[:, columns] > 0
    rows = np.flatnonzero(labeled.any(1) & np.isfinite(people.areas))
    images, image_ids = np.unique(people.images.astype(str), return_inverse=True)

    def keypoints(xy, third):
        array = np.zeros((len(people), len(COCO.joints), 3))
        array[:, indices, :2] = xy[:, columns]
        array[..., 2] = third
        return array.reshape(len(people), -1).tolist()

    truths, predictions = keypoints(people.joints, 2 * labeled), keypoints(joints, 1)
    annotations = [
        {
            **{"id": int(row) + 1, "image_id": int(image_ids[row])},
            **{"category_id": PERSON, "iscrowd": 0, "bbox": [0, 0, 1, 1]},
            **{"keypoints": truths[row], "num_keypoints": int(labeled[row].sum())},
            "area": float(people.areas[row]),
        }
        for row in rows
    ]
    results = [
        {
            **{"image_id": int(image_ids[row]), "category_id": PERSON},
            "keypoints": predictions[row],
            "score": float(np.mean(scores[row, columns])),
        }
        for row in rows
    ]
    with redirect_stdout(StringIO()):  # pycocotools prints its progress
        truth = Annotations()
        truth.dataset = {
            "info": {},
            "images": [{"id": number} for number in range(len(images))],
            "categories": [{"id": PERSON, "name": "person"}],
            "annotations": annotations,
        }
        truth.createIndex()
        evaluator = COCOeval(truth, truth.loadRes(results), "keypoints")
        evaluator.evaluate()
        evaluator.accumulate()
        evaluator.summarize()
    values = map(float, evaluator.stats)
    return {**dict(zip(NAMES, values)), "people": len(rows), "joints": shared}
