"""Object keypoint similarity, and average precision by COCO's own evaluation.

Lin et al. Microsoft COCO: Common Objects in Context, ECCV 2014.
https://cocodataset.org/#keypoints-eval
"""

from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO

import numpy as np

from keras_hourglass.data.people import People
from keras_hourglass.inference.oks import AREA_OF_BOX, DEFAULT_SIGMA, similarities
from keras_hourglass.skeletons import COCO, Skeleton

NAMES = ("AP", "AP50", "AP75", "AP medium", "AP large")
NAMES += ("AR", "AR50", "AR75", "AR medium", "AR large")
CATEGORY = 1
# Pixels, in place of a predicted joint that is NaN: COCO's evaluation needs numbers.
NOWHERE = 1e6


@dataclass(frozen=True)
class Sigmas:
    """The joints that a skeleton's OKS evaluates, and their tolerances.

    Attributes:
        skeleton: The skeleton whose joints are evaluated, as far as they are shared.
        values: One for each of its joints.
        description: For the user.
    """

    skeleton: Skeleton
    values: tuple[float, ...]
    description: str

    @classmethod
    def of(cls, skeleton: Skeleton):
        """Takes the skeleton's own, else COCO's for a human, else the constant."""
        as_coco = COCO.joints, COCO.sigmas
        if skeleton.sigmas and (skeleton.joints, skeleton.sigmas) != as_coco:
            return cls(skeleton, skeleton.sigmas, "the skeleton's sigmas")
        if skeleton.has_arms_and_legs:
            return cls(COCO, COCO.sigmas, "COCO's sigmas")
        constant = (DEFAULT_SIGMA,) * len(skeleton.joints)
        return cls(skeleton, constant, f"a sigma of {DEFAULT_SIGMA} for every joint")

    def shared_with(self, skeleton: Skeleton):
        """Returns the shared joints' names, and their indices in both skeletons."""
        names = [name for name in self.skeleton.joints if name in skeleton]
        return names, [*self.skeleton.indices(names)], [*skeleton.indices(names)]


def evaluate_oks(people: People, joints, scores) -> dict:
    """Computes mean OKS and average precision of one pose per person, in given windows.

    People without any joint or area are left out. An unknown area is taken as 0.53 of
    the box, but for skeletons with a head, whose datasets know areas or are not scored
    by OKS at all.

    Args:
        people: The people, as far as `areas` are known.
        joints: `(people, joints, 2)`, x before y, image pixels; NaN is wrong.
        scores: `(people, joints)`; a pose's score is the mean of its joints. NaN counts
            as 0.

    Returns:
        "oks", a dictionary: "AP" and so on, 0 to 1, -1 where there are no people of
        that size; "mean", the mean OKS; "people", the number of evaluated people;
        "joints", the evaluated joints' names; "sigmas", their description;
        "estimated_areas", the number of people whose area follows from the box; and
        "without_area", the number of people left out for that. Without pycocotools
        "AP" and so on are missing, and "skipped" has the reason. Without any person
        to evaluate, an empty dictionary.
    """
    sigmas = Sigmas.of(people.skeleton)
    shared, indices, columns = sigmas.shared_with(people.skeleton)
    labeled = people.weights[:, columns] > 0
    joints, scores = np.where(np.isnan(joints), NOWHERE, joints), np.nan_to_num(scores)
    areas, estimated = known_areas(people)
    known = np.isfinite(areas)
    rows = np.flatnonzero(labeled.any(1) & known)
    if not len(rows):
        return {}
    values = np.array(sigmas.values)[indices]
    similarity = similarities(
        joints[:, columns] - people.joints[:, columns], labeled, areas, values
    )
    result = {
        "mean": float(similarity[rows].mean()),
        "people": len(rows),
        "joints": shared,
        "sigmas": sigmas.description,
        "estimated_areas": int(estimated[rows].sum()),
        "without_area": int((labeled.any(1) & ~known).sum()),
    }
    try:
        precision = average_precision(people, joints, scores, sigmas, areas)
    except ImportError as error:
        return {"oks": result, "skipped": str(error)}
    return {"oks": {**precision, **result}}


def known_areas(people: People):
    """Gives areas of people, and which of them are estimated.

    Returns:
        `(people,)`, pixels, NaN where unknown; and `(people,)`, bool.
    """
    areas = people.areas.astype(float)
    if people.skeleton.measure.is_pckh:
        return areas, np.zeros(len(people), bool)
    boxes = AREA_OF_BOX * people.box_sizes.astype(float).prod(axis=1)
    estimated = ~(areas > 0)  # also where NaN
    areas = np.where(estimated, boxes, areas)
    return np.where(areas > 0, areas, np.nan), estimated


def average_precision(people: People, joints, scores, sigmas: Sigmas, areas) -> dict:
    """Computes average precision and recall over OKS by pycocotools.

    Args:
        people, joints, scores: See `evaluate_oks`.
        sigmas: Of the joints.
        areas: `(people,)`, pixels; people with NaN are left out.

    Returns:
        "AP" and so on.

    Raises:
        ImportError: If pycocotools is not installed.
    """
    try:
        from pycocotools.coco import COCO as Annotations
        from pycocotools.cocoeval import COCOeval
    except ImportError as error:
        raise ImportError(
            "AP, the average precision over OKS, requires pycocotools: "
            "pip install '.[coco]'"
        ) from error
    image_count, annotations, results = _coco_entries(
        people, joints, scores, sigmas, areas
    )
    with redirect_stdout(StringIO()):  # pycocotools prints its progress
        truth = Annotations()
        truth.dataset = {
            "info": {},
            "images": [{"id": number} for number in range(image_count)],
            "categories": [{"id": CATEGORY, "name": "person"}],
            "annotations": annotations,
        }
        truth.createIndex()
        evaluator = COCOeval(truth, truth.loadRes(results), "keypoints")
        if sigmas.skeleton is not COCO:  # whose sigmas pycocotools has itself
            evaluator.params.kpt_oks_sigmas = np.array(sigmas.values)
        evaluator.evaluate()
        evaluator.accumulate()
        evaluator.summarize()
    return dict(zip(NAMES, map(float, evaluator.stats)))


def _coco_entries(people, joints, scores, sigmas, areas):
    """Converts people and poses: number of images, annotations and results of COCO."""
    _, indices, columns = sigmas.shared_with(people.skeleton)
    shape = len(people), len(sigmas.skeleton.joints)
    labeled = np.zeros(shape, bool)
    labeled[:, indices] = people.weights[:, columns] > 0
    images, image_ids = np.unique(people.images.astype(str), return_inverse=True)

    def keypoints(xy, third):
        array = np.zeros((*shape, 3))
        array[:, indices, :2] = xy[:, columns]
        array[..., 2] = third
        return array.reshape(len(people), -1).tolist()

    truths, predictions = keypoints(people.joints, 2 * labeled), keypoints(joints, 1)
    annotations, results = [], []
    for row in np.flatnonzero(labeled.any(1) & np.isfinite(areas)):
        common = {"image_id": int(image_ids[row]), "category_id": CATEGORY}
        annotations.append(
            {
                **{**common, "id": int(row) + 1, "iscrowd": 0, "bbox": [0, 0, 1, 1]},
                **{"keypoints": truths[row], "num_keypoints": int(labeled[row].sum())},
                "area": float(areas[row]),
            }
        )
        score = float(np.mean(scores[row, columns]))
        results.append({**common, "keypoints": predictions[row], "score": score})
    return len(images), annotations, results
