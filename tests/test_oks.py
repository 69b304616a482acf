"""Average precision by OKS, of shifts with known similarity."""

import sys

import numpy as np
import pytest

from keras_hourglass.data import datasets
from keras_hourglass.data.people import from_rows
from keras_hourglass.evaluation.oks import average_precision
from keras_hourglass.skeletons import COCO, MPII

pytest.importorskip("pycocotools")
SHOULDER = 0.079  # COCO's sigma of shoulders; OKS divides by twice that


@pytest.fixture
def person():
    """A person of 100 x 100 pixels, with one labeled shoulder."""
    weights = np.zeros(17)
    weights[COCO.joints.index("left_shoulder")] = 1
    row = {"image": "1.jpg", "center": (0, 0), "side": 100, "area": 100.0**2}
    return from_rows(
        COCO, [{**row, "joints": np.full((17, 2), 50), "weights": weights}]
    )


def shifted(person, similarity):
    """Shifts the joints to a given OKS."""
    away = np.sqrt(-2 * np.log(similarity)) * 100 * 2 * SHOULDER
    return person.joints + (away, 0)


def test_exact_joints_have_full_precision(person):
    result = average_precision(person, person.joints, np.ones((1, 17)))
    assert [result[name] for name in ("AP", "AP50", "AR")] == pytest.approx([1, 1, 1])
    assert result["people"] == 1 and result["AP medium"] == -1


@pytest.mark.parametrize("similarity, passed", [(0.72, 5), (0.93, 9), (0.49, 0)])
def test_a_shift_of_known_similarity_passes_the_thresholds_below_it(
    person, similarity, passed
):
    """Thresholds are 0.5, 0.55 and so on to 0.95."""
    result = average_precision(person, shifted(person, similarity), np.ones((1, 17)))
    assert result["AP"] == pytest.approx(passed / 10)


def test_joints_that_a_skeleton_lacks_are_not_evaluated(shared):
    people = datasets.load_dataset("coco", shared / "fixtures/coco_cc_by")
    mapped = people.to_skeleton(MPII)
    result = average_precision(mapped, mapped.joints, np.ones((len(people), 16)))
    assert result["AP"] == pytest.approx(1) and len(result["joints"]) == 12
    assert result["people"] == 34, "of 35 one has joints of the face alone"


def test_without_the_package_the_extra_is_named(person, monkeypatch):
    monkeypatch.setitem(sys.modules, "pycocotools.coco", None)
    with pytest.raises(ImportError, match=r"pip install '\.\[coco\]'"):
        average_precision(person, person.joints, np.ones((1, 17)))
