"""Matching of predictions with the people of a photograph, as COCO does it.

Predictions are boxes, compared by intersection over union (IoU), or poses, compared by
object keypoint similarity (OKS). In falling order of their scores, each takes the most
similar person that no other took, if that similarity reaches a threshold.

People may be ignored: they need not be found, but what is found there is not false. A
crowd excuses any number of predictions.

Lin et al. Microsoft COCO: Common Objects in Context, ECCV 2014.
https://cocodataset.org/#detection-eval
"""

from typing import NamedTuple

import numpy as np

from keras_hourglass.heatmaps.array_library import NUMPY
from keras_hourglass.heatmaps.boxes import box_iou

THRESHOLDS = tuple(np.arange(50, 100, 5) / 100)  # of the similarity, those of COCO


class Matches(NamedTuple):
    """Predictions of one photograph or of several, and whether they are people.

    Attributes:
        scores: `(predictions,)`.
        correct: `(thresholds, predictions)`, bool: took a person that counts.
        counted: `(thresholds, predictions)`, bool: neither excused by an ignored
            person, nor of a size that is not evaluated. A prediction that is
            counted and not correct is false.
        taken: `(thresholds, people)`, bool: people that count and were found.
        photographs: `(predictions,)`, the index of the photograph of each.
        people: `(photographs,)`, the number of people that count.
    """

    scores: np.ndarray
    correct: np.ndarray
    counted: np.ndarray
    taken: np.ndarray
    photographs: np.ndarray
    people: np.ndarray


def match(
    similarity, scores, ignored, is_crowd, in_range=None, thresholds=THRESHOLDS
) -> Matches:
    """Matches the predictions of one photograph with its people.

    Args:
        similarity: `(predictions, people)`, 0 to 1.
        scores: `(predictions,)`.
        ignored: `(people,)`, bool: people that do not count, and all crowds.
        is_crowd: `(people,)`, bool.
        in_range: `(predictions,)`, bool: whether a prediction is of a size that is
            evaluated; others are false in no case. By default, all are.
        thresholds: Of the similarity.

    Returns:
        `Matches`, in the order of the predictions.
    """
    similarity = np.asarray(similarity, float).reshape(len(scores), len(ignored))
    shape = len(thresholds), len(scores)
    correct, excused = np.zeros(shape, bool), np.zeros(shape, bool)
    taken = np.zeros((len(thresholds), len(ignored)), bool)
    least = np.array(thresholds)[:, None]
    for index in np.argsort(-np.asarray(scores), kind="stable"):
        if not len(ignored):
            break
        free = (similarity[index] >= least) & (~taken | is_crowd)
        # People that count come first, however similar an ignored one is.
        value = np.where(free, similarity[index] + 2.0 * ~ignored, -1)
        (found,), best = np.nonzero(value.max(1) >= 0), value.argmax(1)
        best = best[found]
        taken[found, best] = True
        correct[found, index] = ~ignored[best]
        excused[found, index] = ignored[best]
    if in_range is not None:
        excused |= ~correct & ~in_range
    return Matches(
        np.asarray(scores, float),
        correct,
        ~excused,
        taken[:, ~ignored],
        np.zeros(len(scores), int),
        np.array([np.sum(~ignored)]),
    )


def assign(similarity, least: float) -> np.ndarray:
    """Assigns predictions to people one to one, the most similar pairs first.

    Unlike `match`, without scores: which prediction is of which person.

    Args:
        similarity: `(predictions, people)`, 0 to 1.
        least: Similarity below which a prediction is not of a person.

    Returns:
        `(people,)`: the index of each person's prediction, -1 where there is none.
    """
    similarity = np.array(similarity, float)
    assigned = np.full(similarity.shape[1], -1)
    while similarity.size and similarity.max() >= least:
        index, person = np.unravel_index(similarity.argmax(), similarity.shape)
        assigned[person] = index
        similarity[index], similarity[:, person] = -1, -1
    return assigned


def join(matches: list[Matches]) -> Matches:
    """Joins the matches of photographs into one."""
    counts = [len(one.scores) for one in matches]
    return Matches(
        np.concatenate([one.scores for one in matches]),
        *(
            np.concatenate([getattr(one, name) for one in matches], axis=1)
            for name in ("correct", "counted", "taken")
        ),
        np.repeat(np.arange(len(matches)), counts),
        np.concatenate([one.people for one in matches]),
    )


def box_similarities(boxes, truth, is_crowd) -> np.ndarray:
    """Computes intersection over union; with crowds, the share of the box within.

    Args:
        boxes: `(predictions, 4)`, x, y, width, height.
        truth: `(people, 4)`.
        is_crowd: `(people,)`, bool.

    Returns:
        `(predictions, people)`, 0 to 1.
    """
    iou = box_iou(boxes[:, None], truth[None], NUMPY)
    area, areas = boxes[:, 2:].prod(1)[:, None], truth[:, 2:].prod(1)[None]
    both = iou * (area + areas) / (1 + iou)
    return np.where(is_crowd[None], both / np.maximum(area, 1e-9), iou)
