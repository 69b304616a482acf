"""Evaluation of everyone on a photograph: OKS as in pycocotools, and counts."""

import json
from contextlib import redirect_stdout
from dataclasses import replace
from io import StringIO

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

import keras_hourglass as kh
from keras_hourglass.data.datasets import DatasetSpec
from keras_hourglass.data.datasets.coco.poses import load_poses
from keras_hourglass.data.images.safety import ImageDecodeError
from keras_hourglass.data.readers.files import DatasetError
from keras_hourglass.evaluation.detection.end_to_end import (
    OWN,
    TRUE,
    EndToEndEvaluation,
    boxes_of_people,
    load_truth,
)
from keras_hourglass.inference.pose import Pose
from keras_hourglass.skeletons import COCO
from keras_hourglass_cli import main as cli

LIMITS = {"min_score": 0.3, "min_pose_score": 0.1}


def annotation(random, number, image):
    """A person; one in four is a crowd, and one in four has no joints."""
    x, y, width, height = random.uniform(20, 120, 4)
    joints = random.uniform(0, 1, (17, 2)) * (width, height) + (x, y)
    kind = number % 4
    labeled = 2 * (random.random(17) < 0.7) * (kind > 1)
    return {
        **{"id": number + 1, "image_id": image, "category_id": 1},
        **{"bbox": [x, y, width, height], "area": 0.5 * width * height},
        **{"iscrowd": int(kind == 0), "num_keypoints": int((labeled > 0).sum())},
        "keypoints": np.column_stack([joints, labeled]).ravel().tolist(),
    }


def write_dataset(root, images):
    """Writes a dataset of COCO's layout, with train and val photographs."""
    random = np.random.default_rng(0)
    for split, count in [("train", 1), ("val", images)]:
        names = [f"{split}{number}.png" for number in range(count)]
        for name in names:
            cv2.imwrite(str(root / name), np.zeros((300, 300, 3), "uint8"))
        annotations = [annotation(random, n, n % count) for n in range(5 * count)]
        (root / f"person_keypoints_{split}2017.json").write_text(
            json.dumps(
                {
                    "images": [
                        {"id": i, "file_name": n, "width": 300, "height": 300}
                        for i, n in enumerate(names)
                    ],
                    "annotations": annotations,
                    "categories": [
                        {"id": 1, "name": "person", "keypoints": [*COCO.joints]}
                    ],
                }
            )
        )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("coco")
    write_dataset(root, 12)
    return root


@pytest.fixture
def truth(folder):
    return load_truth(f"coco:{folder}")


def poses_of(truth, error=0.0, seed=0, score=None):
    """For each photograph the poses of its labeled people, shifted at random."""
    random = np.random.default_rng(seed)
    return [
        [
            Pose(
                person + random.normal(0, error + 1e-9, person.shape),
                np.full(17, random.random() if score is None else score),
                box.astype(float),
                COCO,
                random.random() if score is None else score,
            )
            for person, box, known in zip(joints, boxes, labeled)
            if known.any()
        ]
        for joints, boxes, labeled in zip(
            truth.joints, truth.photographs.boxes, truth.labeled
        )
    ]


def evaluation(truth, own, true=None):
    true = own if true is None else true
    return EndToEndEvaluation("test", truth, COCO, {OWN: own, TRUE: true}, LIMITS)


def test_all_people_and_crowds_are_read_of_the_validation_photographs(folder, truth):
    assert len(truth) == 12 and len(load_poses(folder)) == 13
    assert sum(map(len, truth.joints)) == 60
    crowds = np.concatenate(truth.photographs.is_crowd)
    no_joints = ~np.concatenate(truth.labeled).any(1)
    assert crowds.sum() == 15 and (crowds <= no_joints).all() and no_joints.sum() == 30


def test_other_formats_and_options_are_refused():
    with pytest.raises(DatasetError, match="must be 'coco:DIR'"):
        load_truth("synthetic:2")
    with pytest.raises(DatasetError, match="`min_joints` must not be.*min_joints=3"):
        load_truth(DatasetSpec("coco", "nowhere", min_joints=3))
    with pytest.raises(DatasetError, match="without a share.*dataset='coco:DIR.0.5'"):
        load_truth("coco:DIR*0.5")


def test_labels_of_photographs_of_another_size_are_noticed_and_scaled_on_request(
    folder, truth, tmp_path, caplog
):
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    path = tmp_path / "person_keypoints_val2017.json"
    content = json.loads(path.read_text())
    for image in content["images"]:
        image |= {"width": 600, "height": 600}
    path.write_text(json.dumps(content))
    assert not np.isnan(load_truth(f"coco:{tmp_path}").joints[0]).any()
    assert "12 of 12 images do not have the size" in caplog.text
    scaled = load_truth(DatasetSpec("coco", tmp_path, rescale=True))
    assert (scaled.photographs.sizes == 300).all()
    for row in range(len(truth)):
        known = truth.labeled[row]
        expected = (truth.joints[row] + 0.5) / 2 - 0.5
        np.testing.assert_allclose(scaled.joints[row][known], expected[known])
        sides = truth.photographs.boxes[row][:, 2:]
        np.testing.assert_allclose(scaled.photographs.boxes[row][:, 2:], sides / 2)
        np.testing.assert_allclose(scaled.areas[row], truth.areas[row] / 4)


def test_the_truth_itself_is_found_without_a_miss(truth):
    result = evaluation(truth, poses_of(truth, score=0.9))
    assert result.scores[OWN]["AP"] == pytest.approx(100)
    counts = result.scores["counts"]
    assert counts["found"] == result.scores["people"] == 30
    assert counts["missed"] == counts["false"] == 0
    assert "30 people found at an OKS of 0.5, 0 missed, 0 false" in str(result)


def test_people_below_the_limits_are_missed(truth):
    poses = poses_of(truth, score=0.9)
    result = evaluation(truth, poses, poses_of(truth, score=0.5))
    assert result.count(0.95, 0)["found"] == 0 and result.count(0, 0.95)["missed"] == 30
    assert json.loads(json.dumps(result.to_dict()))[TRUE]["AP"] == pytest.approx(100)


def test_poses_of_nobody_are_false(truth):
    far = [
        [
            Pose(p.joints + 5000, p.scores, p.box + (5000, 5000, 0, 0), COCO, 0.9)
            for p in poses
        ]
        for poses in poses_of(truth, score=0.9)
    ]
    counts = evaluation(truth, far).scores["counts"]
    assert counts["false"] == 30 and counts["missed"] == 30


def test_average_precision_is_that_of_pycocotools(folder, truth):
    pytest.importorskip("pycocotools")
    poses = poses_of(truth, 4.0)
    for one, others in zip(poses, poses_of(truth, 25.0, seed=1)):
        one += others[:3]
    scores = evaluation(truth, poses).scores[OWN]
    expected = of_pycocotools(folder / "person_keypoints_val2017.json", poses)
    ours = [scores[name] / 100 for name in ("AP", "AP50", "AP75")]
    np.testing.assert_allclose(ours, expected, atol=1e-9)
    assert 0.1 < ours[0] < 0.9


def test_everyone_is_estimated_in_own_and_in_true_boxes(folder):
    model = kh.StackedHourglass(
        stacks=1, filters=4, stem_filters=2, depth=1, image_size=32, name="tiny"
    )

    def half(image):
        return [[0, 0, 150, 300, 0.9], [0, 0, 10, 10, 0.001]]

    result = kh.evaluate_end_to_end(model, f"coco:{folder}", half, min_pose_score=-9)
    own, true = result.poses[OWN], result.poses[TRUE]
    assert [len(poses) for poses in own] == [1] * 12
    crowds = result.truth.photographs.is_crowd
    assert [len(poses) for poses in true] == [(~crowd).sum() for crowd in crowds]
    assert result.name == "tiny and half" and "12 photographs" in str(result)
    few = kh.evaluate_end_to_end(
        model, f"coco:{folder}", half, split="val", count=3, true_boxes=False
    )
    assert len(few.truth) == 3 and TRUE not in few.poses
    with pytest.raises(ValueError, match="must be one of"):
        kh.evaluate_end_to_end(model, f"coco:{folder}", half, split="test")
    with pytest.raises(ValueError, match="`detector` must be"):
        kh.evaluate_end_to_end(model, f"coco:{folder}", None)


def test_a_true_box_outside_of_its_image_has_no_pose_and_others_have(truth):
    row = next(r for r, crowd in enumerate(truth.photographs.is_crowd) if not crowd[0])
    boxes = [*truth.photographs.boxes]
    boxes[row] = boxes[row] + np.float32([[900, 0, 0, 0]] + [[0] * 4] * 4)
    truth = replace(truth, photographs=replace(truth.photographs, boxes=boxes))
    counts = [(~crowd).sum() for crowd in truth.photographs.is_crowd]
    counts[row] -= 1
    assert [len(kept) for kept in boxes_of_people(truth.photographs)] == counts
    unknown = replace(truth.photographs, sizes=np.full((12, 2), np.nan))
    assert [len(kept) for kept in boxes_of_people(unknown)] == counts


def test_a_model_without_joints_of_the_dataset_is_refused_at_once(truth):
    crab = kh.Skeleton(("claw", "tail"))
    model = kh.StackedHourglass(
        1, filters=4, stem_filters=2, depth=1, image_size=32, skeleton=crab
    )
    with pytest.raises(ValueError, match="must have joints of the model"):
        kh.evaluate_end_to_end(model, truth, lambda image: 1 / 0)


@pytest.fixture
def damaged(tmp_path):
    """A dataset of which one photograph is missing, and two cannot be read."""
    write_dataset(tmp_path, 12)
    (tmp_path / "val3.png").unlink()
    for number in (7, 5):
        (tmp_path / f"val{number}.png").write_bytes(b"no image")
    return tmp_path


def test_missing_and_broken_photographs_are_left_out_when_asked_for(damaged):
    model = kh.StackedHourglass(1, filters=4, stem_filters=2, depth=1, image_size=32)
    arguments = model, f"coco:{damaged}", middle
    with pytest.raises(DatasetError, match="1 of 12 images are missing"):
        kh.evaluate_end_to_end(*arguments)
    with pytest.raises(ImageDecodeError, match="val5.png"):
        kh.evaluate_end_to_end(*arguments, missing="skip")
    result = kh.evaluate_end_to_end(*arguments, missing="skip", broken="skip")
    assert len(result.truth) == result.scores["photographs"] == 9
    assert [len(poses) for poses in result.poses.values()] == [9, 9]
    first, second = result.to_dict()["unreadable"]
    assert "val5.png" in first and "val7.png" in second
    assert "2 images could not be read, first: " in str(result)
    with pytest.raises(ValueError, match="`broken` must be one of"):
        kh.evaluate_end_to_end(*arguments, broken="skp")


def test_the_command_passes_on_what_to_do_with_such_photographs(damaged):
    command = f"evaluate photo_small --end-to-end --dataset coco:{damaged} --json"
    skip = "--missing-images skip --broken-images skip"
    result = CliRunner().invoke(cli.main, f"{command} {skip}".split())
    assert result.exit_code == 0, result.output
    (scores,) = json.loads(result.stdout).values()
    assert scores["photographs"] == 9 and len(scores["unreadable"]) == 2


def middle(image):
    return [[75, 75, 150, 150, 0.9]]


def test_a_detector_is_loaded_once_and_its_own_limit_is_that_of_counts(
    folder, lively_detector, monkeypatch, tmp_path
):
    from keras_hourglass.inference import detectors

    loaded, load = [], detectors.load_predictor
    monkeypatch.setattr(
        detectors, "load_predictor", lambda *args: loaded.append(args) or load(*args)
    )
    lively_detector.save(tmp_path / "detector.keras")
    model = kh.StackedHourglass(1, filters=4, stem_filters=2, depth=1, image_size=32)
    few = {"count": 2, "true_boxes": False}
    result = kh.evaluate_end_to_end(
        model, f"coco:{folder}", tmp_path / "detector.keras", **few
    )
    assert len(loaded) == 1 and result.limits["min_score"] == 0.25
    given = kh.load_detector(middle, min_score=0.95)
    result = kh.evaluate_end_to_end(model, f"coco:{folder}", given, **few)
    assert given.min_score == result.limits["min_score"] == 0.95
    assert [len(poses) for poses in result.poses[OWN]] == [1, 1]


def of_pycocotools(path, poses):
    from pycocotools.coco import COCO as Annotations
    from pycocotools.cocoeval import COCOeval

    results = [
        {
            **{"image_id": image, "category_id": 1},
            "keypoints": np.column_stack([p.joints, np.ones(17)]).ravel().tolist(),
            "score": float(p.box_score * p.scores.mean()),
        }
        for image, people in enumerate(poses)
        for p in people
    ]
    with redirect_stdout(StringIO()):
        truth = Annotations(str(path))
        judge = COCOeval(truth, truth.loadRes(results), "keypoints")
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    return judge.stats[:3]
