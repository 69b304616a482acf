"""Object keypoint similarity and average precision, of shifts worked out by hand."""

import sys
from dataclasses import replace

import numpy as np
import pytest

from keras_hourglass.data import datasets
from keras_hourglass.data.people import concatenate, from_rows
from keras_hourglass.evaluation.oks import Sigmas, evaluate_oks
from keras_hourglass.evaluation.tables import describe_oks
from keras_hourglass.inference.oks import sigmas_of
from keras_hourglass.skeletons import COCO, MPII, Skeleton

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
    pytest.importorskip("pycocotools")
    result = evaluate_oks(person, person.joints, np.ones((1, 17)))["oks"]
    assert [result[name] for name in ("AP", "AP50", "AR")] == pytest.approx([1, 1, 1])
    assert result["people"] == 1 and result["AP medium"] == -1


@pytest.mark.parametrize("similarity, passed", [(0.72, 5), (0.93, 9), (0.49, 0)])
def test_a_shift_of_known_similarity_passes_the_thresholds_below_it(
    person, similarity, passed
):
    """Thresholds are 0.5, 0.55 and so on to 0.95."""
    pytest.importorskip("pycocotools")
    moved = shifted(person, similarity)
    result = evaluate_oks(person, moved, np.ones((1, 17)))["oks"]
    assert result["AP"] == pytest.approx(passed / 10)
    assert result["mean"] == pytest.approx(similarity)


def test_joints_that_are_no_numbers_are_wrong(person):
    pytest.importorskip("pycocotools")
    joints, scores = person.joints.copy(), np.ones((1, 17))
    joints[0, :], scores[0, :] = np.nan, np.nan
    result = evaluate_oks(person, joints, scores)["oks"]
    assert result["mean"] == result["AP"] == result["AR"] == 0


def test_joints_that_a_skeleton_lacks_are_not_evaluated(shared):
    pytest.importorskip("pycocotools")
    people = datasets.load_dataset("coco", shared / "fixtures/coco_cc_by")
    mapped = people.to_skeleton(MPII)
    result = evaluate_oks(mapped, mapped.joints, np.ones((len(people), 16)))["oks"]
    assert result["AP"] == pytest.approx(1) and len(result["joints"]) == 12
    assert result["people"] == 34, "of 35 one has joints of the face alone"


def test_without_the_package_there_is_the_mean_and_the_extra_is_named(
    person, monkeypatch
):
    monkeypatch.setitem(sys.modules, "pycocotools.coco", None)
    made = evaluate_oks(person, shifted(person, 0.6), np.ones((1, 17)))
    assert made["oks"]["mean"] == pytest.approx(0.6) and "AP" not in made["oks"]
    assert "pip install '.[coco]'" in made["skipped"]


def test_people_with_a_head_and_without_known_areas_have_no_oks(person):
    unknown = replace(person, areas=np.full(1, np.nan))
    assert evaluate_oks(unknown, unknown.joints, np.ones((1, 17))) == {}


FOX = ("snout", "left_ear", "right_ear")


def fox(sigmas=(), **row):
    row = {"image": "1.jpg", "center": (0, 0), "side": 100, "weights": (1, 1, 0), **row}
    row["joints"] = [(10, 20), (60, 60), (90, 90)]
    return from_rows(Skeleton(FOX, sigmas=sigmas), [row])


def oks_of(people, pixels):
    """OKS where the labeled snout and left ear are some pixels off."""
    moved = people.joints + np.array(pixels)[:, None]
    return evaluate_oks(people, moved, np.ones((1, 3)))["oks"]


def test_own_joints_have_own_sigmas_or_a_constant_one():
    """The mean of exp(-pixels^2 / (2 * area * (2 * sigma)^2)) over two joints."""
    area, pixels = 5000.0, (8, 20, 500)
    for sigmas, used in [((), (0.1, 0.1)), ((0.05, 0.2, 0.1), (0.05, 0.2))]:
        result = oks_of(fox(sigmas, area=area), pixels)
        # Both coordinates are off.
        each = [
            np.exp(-2 * p**2 / (2 * area * (2 * s) ** 2)) for p, s in zip(pixels, used)
        ]
        assert result["mean"] == pytest.approx(np.mean(each))
        assert result["joints"] == [*FOX] and result["estimated_areas"] == 0
    assert result["sigmas"] == "the skeleton's sigmas"
    assert oks_of(fox(), pixels)["sigmas"] == "a sigma of 0.1 for every joint"


def test_the_joints_of_coco_may_have_other_sigmas():
    own = replace(COCO, sigmas=(0.3,) * 17)
    assert Sigmas.of(own).values == own.sigmas
    assert Sigmas.of(COCO).description == "COCO's sigmas"


def test_average_precision_of_own_joints_counts_the_thresholds_below_their_oks():
    pytest.importorskip("pycocotools")
    for sigma in (0.03, 0.1):
        people = fox(3 * (sigma,), area=5000.0)
        for similarity, passed in [(0.72, 5), (0.93, 9), (0.49, 0)]:
            pixels = np.sqrt(-np.log(similarity) * 5000) * 2 * sigma
            result = oks_of(people, 3 * (pixels,))
            assert result["mean"] == pytest.approx(similarity, rel=1e-5)
            assert result["AP"] == pytest.approx(passed / 10)


def test_an_unknown_area_is_that_of_the_box_and_said():
    given, of_joints = fox(box_size=(50, 80)), fox()
    for people, box in [(given, 50 * 80), (of_joints, 50 * 40)]:
        result = oks_of(people, (8, 8, 8))
        expected = np.exp(-128 / (2 * 0.53 * box * 0.2**2))
        assert result["mean"] == pytest.approx(expected)
        assert result["estimated_areas"] == 1
        assert "1 areas taken as 0.53 of the box" in describe_oks(result)
    # COCO's files have areas of 0, too.
    assert oks_of(fox(area=0), (8, 8, 8))["estimated_areas"] == 1


def test_people_without_an_area_are_left_out_and_counted():
    line = replace(fox(), box_sizes=np.array([[50, 0]], "float32"))
    assert evaluate_oks(line, line.joints, np.ones((1, 3))) == {}
    both = concatenate([line, fox()])
    result = evaluate_oks(both, both.joints, np.ones((2, 3)))["oks"]
    assert (result["people"], result["without_area"], result["mean"]) == (1, 1, 1)
    assert "1 without an area left out" in describe_oks(result)


def test_thirteen_joints_of_a_human_have_the_sigmas_of_coco():
    names = [n for n in COCO.joints if not n.endswith(("eye", "ear"))]
    people = from_rows(COCO, [one_person(COCO)]).to_skeleton(Skeleton(tuple(names)))
    result = evaluate_oks(people, people.joints, np.ones((1, 13)))["oks"]
    assert result["sigmas"] == "COCO's sigmas" and result["joints"] == names


def one_person(skeleton):
    joints = np.random.default_rng(0).uniform(0, 99, (len(skeleton.joints), 2))
    row = {"image": "1.jpg", "center": (0, 0), "side": 100, "area": 5000}
    return {**row, "joints": joints, "weights": np.ones(len(joints))}


def test_every_skeleton_has_tolerances_those_of_coco_by_name():
    own = Skeleton(("nose", "tail"), sigmas=(0.3, 0.4))
    assert sigmas_of(own).tolist() == [0.3, 0.4]
    assert sigmas_of(Skeleton(("left shoulder", "tail"))).tolist() == [SHOULDER, 0.1]
    wrists = COCO.sigmas[COCO.joints.index("left_wrist")]
    assert sigmas_of(MPII)[list(MPII.indices(["left_wrist"]))] == wrists
