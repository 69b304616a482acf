"""Average precision by object keypoint similarity, as COCO judges.

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
    """What COCO's own code says of one pose for each person, whose box was given.

    Only joints that both COCO and the skeleton have are judged; and only people who
    are in `people`, which of COCO are those with at least five labelled joints.

    Args:
        people: With known `areas`.
        joints: `(people, joints, 2)`, x before y, picture pixels.
        scores: `(people, joints)`; the mean of a person's is that of the pose.

    Returns:
        "AP" and so on, 0 to 1, -1 where there is nobody of such size; and "people" and
        "joints", how many people and which joints were judged.

    Raises:
        ImportError: If pycocotools is not installed.
    """
    try:
        from pycocotools.coco import COCO as Annotations
        from pycocotools.cocoeval import COCOeval
    except ImportError as error:
        raise ImportError(
            "OKS takes pycocotools: pip install 'keras-hourglass[coco]'"
        ) from error
    shared = [name for name in COCO.joints if name in people.skeleton.joints]
    places, columns = COCO.indices(shared), [*people.skeleton.indices(shared)]
    labelled = np.zeros((len(people), len(COCO.joints)), bool)
    labelled[:, places] = people.weights[:, columns] > 0
    rows = np.flatnonzero(labelled.any(1) & np.isfinite(people.areas))
    pictures, image = np.unique(people.images.astype(str), return_inverse=True)

    def keypoints(xy, third):
        whole = np.zeros((len(people), len(COCO.joints), 3))
        whole[:, places, :2] = xy[:, columns]
        whole[..., 2] = third
        return whole.reshape(len(people), -1).tolist()

    truths = keypoints(people.joints, 2 * labelled)
    found = keypoints(joints, 1)
    annotations = [
        {
            **{"id": int(row) + 1, "image_id": int(image[row]), "category_id": PERSON},
            **{"keypoints": truths[row], "num_keypoints": int(labelled[row].sum())},
            **{"area": float(people.areas[row]), "iscrowd": 0, "bbox": [0, 0, 1, 1]},
        }
        for row in rows
    ]
    results = [
        {
            **{"image_id": int(image[row]), "category_id": PERSON},
            **{"keypoints": found[row], "score": float(np.mean(scores[row, columns]))},
        }
        for row in rows
    ]
    with redirect_stdout(StringIO()):
        truth = Annotations()
        truth.dataset = {
            "info": {},
            "images": [{"id": number} for number in range(len(pictures))],
            "categories": [{"id": PERSON, "name": "person"}],
            "annotations": annotations,
        }
        truth.createIndex()
        judge = COCOeval(truth, truth.loadRes(results), "keypoints")
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    values = map(float, judge.stats)
    return {**dict(zip(NAMES, values)), "people": len(rows), "joints": shared}
