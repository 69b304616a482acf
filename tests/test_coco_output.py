"""COCO output: what is written is read by pycocotools' rules and by our readers."""

import json

import cv2
import numpy as np
import pytest

from keras_hourglass.data.readers.files import DatasetError
from keras_hourglass.inference.output.coco import own_category
from keras_hourglass.inference.output.image_list import ImageList
from keras_hourglass.inference.output.writers import open_writer
from keras_hourglass.inference.pose import Pose
from keras_hourglass.inference.runner import FrameResult, predict_sources
from keras_hourglass.inference.sources import InputSource
from keras_hourglass.inference.sources.frames import InputFrame
from keras_hourglass.skeletons import COCO, MPII, Skeleton, get

PIXELS = np.zeros((64, 96, 3), "uint8")
DOG = Skeleton(
    ("nose", "left_ear", "right_ear", "tail base"),
    limbs=[("nose", "left_ear"), ("nose", "tail base")],
)


def result(name, people=1, skeleton=DOG, box_scores=None, frame=None):
    """Joint k of person n is at (10 n + k + 0.254, 20), with the score k / 10.

    The first two are uncertain.
    """
    count = len(skeleton.joints)
    poses = [
        Pose(
            np.stack([10 * n + np.arange(count) + 0.254, np.full(count, 20)], 1),
            np.arange(count) / 10,
            np.array([1.0 + n, 2, 30, 40]),
            skeleton,
            None if box_scores is None else box_scores[n],
            min_joint_score=0.15,
        )
        for n in range(people)
    ]
    source = InputSource(name, "image" if frame is None else "video")
    return FrameResult(InputFrame(source, PIXELS, frame, 0, 10.0), poses)


def written(path, format, *results, skeleton=DOG, images=None):
    frames = any(each.frame.index is not None for each in results)
    with open_writer(path, format, skeleton, frames, images) as writer:
        for each in results:
            writer.write(each)
    return json.loads(path.read_text())


def image_list(folder, *images, categories=()):
    path = folder / "listed.json"
    images = [{"id": number, "file_name": name} for number, name in images]
    content = {"images": images, "categories": [*categories]}
    path.write_text(json.dumps(content))
    return ImageList(path)


@pytest.mark.parametrize(
    "skeleton, name",
    [
        (COCO, "person"),
        (Skeleton(("nose", "tail")), "object"),
        (Skeleton(("nose", "tail"), category="crab"), "crab"),
    ],
)
def test_the_category_is_named_as_in_the_dataset(skeleton, name):
    assert own_category(skeleton)["name"] == name
    assert get(skeleton.get_config()).category == skeleton.category


def test_a_dataset_has_the_networks_own_category(tmp_path):
    found = written(tmp_path / "x.json", "coco", result("a.png", 2), result("b.png", 0))
    (category,) = found["categories"]
    assert category == {
        "id": 1,
        "name": "object",
        "keypoints": ["nose", "left_ear", "right_ear", "tail base"],
        "skeleton": [[1, 2], [1, 4]],
    }
    assert found["images"] == [
        {"id": 1, "file_name": "a.png", "width": 96, "height": 64},
        {"id": 2, "file_name": "b.png", "width": 96, "height": 64},
    ]
    first, second = found["annotations"]
    assert first == {
        **{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 30, 40]},
        **{"area": 1200, "iscrowd": 0, "num_keypoints": 3, "score": 0.15},
        "keypoints": [0.25, 20, 0, 1.25, 20, 1, 2.25, 20, 2, 3.25, 20, 2],
        "keypoint_scores": [0, 0.1, 0.2, 0.3],
    }
    assert (second["id"], second["image_id"]) == (2, 1)
    assert own_category(MPII)["name"] == "person"


def test_a_dataset_without_people_is_one(tmp_path):
    found = written(tmp_path / "x.json", "coco")
    assert found["annotations"] == found["images"] == []


def test_numbers_of_images_are_those_of_their_names_or_the_first_free(tmp_path):
    names = ["dog.png", "000000000001.jpg", "7.jpg", "x/7.jpg", "cat.png"]
    found = written(tmp_path / "x.json", "coco", *map(result, names))
    numbers = {each["file_name"]: each["id"] for each in found["images"]}
    assert [numbers[name] for name in names] == [1, 2, 7, 3, 4]
    assert [each["image_id"] for each in found["annotations"]] == [1, 2, 7, 3, 4]


def test_17_joints_are_results_in_cocos_order_and_losses_are_said(tmp_path, caplog):
    one = result(
        "COCO_val2014_000000000042.jpg", 2, MPII, box_scores=np.array([1.0, 0.5])
    )
    first, second = written(tmp_path / "x.json", "coco17", one, skeleton=MPII)
    assert (first["image_id"], first["category_id"]) == (42, 1)
    keypoints = dict(zip(COCO.joints, np.reshape(second["keypoints"], (17, 3))))
    at = MPII.joints.index("left_elbow")
    np.testing.assert_array_equal(
        keypoints["left_elbow"], [10 + at + 0.25, 20, at / 10]
    )
    assert not np.any(keypoints["nose"])
    assert {*second["uncertain"]} == {*MPII.joints[:2]} == {"right_knee", "right_ankle"}
    assert second["score"] == pytest.approx(first["score"] / 2, abs=1e-3)
    lost, lacking = [record.getMessage() for record in caplog.records]
    assert lost == ("coco17 leaves out 4 joints: pelvis, thorax, upper_neck, head_top")
    assert "lacks 5 of COCO's 17 joints" in lacking and "nose, left_eye" in lacking
    assert written(tmp_path / "x.json", "coco17", skeleton=MPII) == []


def test_17_of_cocos_own_joints_lose_nothing(tmp_path, caplog):
    (found,) = written(
        tmp_path / "x.json", "coco17", result("1.png", skeleton=COCO), skeleton=COCO
    )
    assert np.reshape(found["keypoints"], (17, 3))[:, 2].tolist() == [
        k / 10 for k in range(17)
    ]
    assert not caplog.records
    written(tmp_path / "x.json", "coco17", result("a.png", 1, COCO), skeleton=COCO)
    assert "1 image is not named by a number, first a.png" in caplog.text


def test_images_of_one_number_are_refused_before_anything_is_predicted(tmp_path):
    paths = [tmp_path / folder / "7.jpg" for folder in "ab"]
    for path in paths:
        path.parent.mkdir()
        cv2.imwrite(str(path), np.zeros((8, 8, 3), "uint8"))
    output = {"outputs": [tmp_path / "x.json"], "format": "coco17"}
    with pytest.raises(ValueError, match="a/7.jpg and .*b/7.jpg have the number 7"):
        predict_sources(paths, **output)


def test_videos_and_joints_of_no_person_are_refused(tmp_path):
    for format in ("coco", "coco17"):
        with pytest.raises(ValueError, match="not of videos"):
            written(
                *(tmp_path / "x.json", format, result("a.mp4", 1, COCO, frame=0)),
                skeleton=COCO,
            )
    with pytest.raises(ValueError, match="must be 'coco' for.*'tail'"):
        written(tmp_path / "x.json", "coco17", skeleton=Skeleton(("tail",)))
    assert not [*tmp_path.iterdir()]


def test_ids_names_and_category_are_those_of_a_list(tmp_path, caplog):
    dog = {"id": 18, "name": "dog"}
    dog["keypoints"] = ["tail base", "right_ear", "left_ear", "nose"]
    person = {"id": 1, "name": "person", "keypoints": [*COCO.joints]}
    images = image_list(
        tmp_path, (502, "sub/a.png"), (7, "b.png"), categories=[person, dog]
    )
    results = result("/data/sub/a.png"), result("b.png", 0)
    found = written(tmp_path / "x.json", "coco", *results, images=images)
    assert found["categories"] == [dog]
    assert [(i["id"], i["file_name"]) for i in found["images"]] == [
        (502, "sub/a.png"),
        (7, "b.png"),
    ]
    (entry,) = found["annotations"]
    assert (entry["image_id"], entry["category_id"]) == (502, 18)
    assert entry["keypoints"][::3] == [3.25, 2.25, 1.25, 0.25]
    assert entry["keypoint_scores"] == [0.3, 0.2, 0.1, 0]
    (entry,) = written(
        *(tmp_path / "x.json", "coco17", result("b.png", 1, COCO)),
        **{"skeleton": COCO, "images": images},
    )
    assert (entry["image_id"], entry["category_id"]) == (7, 1)
    assert not caplog.records
    written(tmp_path / "x.json", "coco", skeleton=MPII, images=images)
    assert "has no category with the joints right_ankle" in caplog.text


@pytest.mark.parametrize("moved, expected", [(0, 1.0), (500, 0.0)])
def test_pycocotools_compares_a_written_file_with_its_truth(tmp_path, moved, expected):
    coco = pytest.importorskip("pycocotools.coco")
    from pycocotools.cocoeval import COCOeval

    results = [result("sub/a.png", 2), result("sub/b.png", 1)]
    listed = image_list(
        *(tmp_path, (70, "a.png"), (8, "b.png")),
        categories=[{**own_category(DOG), "id": 18}],
    )
    truth = written(tmp_path / "truth.json", "coco", *results, images=listed)
    found = written(tmp_path / "found.json", "coco", *results, images=listed)
    for entry in found["annotations"]:
        entry["keypoints"][::3] = [x + moved for x in entry["keypoints"][::3]]
    assert {entry["category_id"] for entry in truth["annotations"]} == {18}
    known = coco.COCO(str(tmp_path / "truth.json"))
    compared = COCOeval(known, known.loadRes(found["annotations"]), "keypoints")
    compared.params.kpt_oks_sigmas = np.full(4, 0.1)
    for step in (compared.evaluate, compared.accumulate, compared.summarize):
        step()
    assert compared.stats[0] == pytest.approx(expected)


def test_images_are_found_by_the_end_of_their_paths(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    images = image_list(
        *(tmp_path, (1, "x.png"), (2, "a/x.png"), (3, "c/y.png"), (4, "d/y.png")),
        *((5, "images/z.png"), (6, "sub\\w.png")),
    )
    names = ["x.png", "/data/a/x.png", "b/x.png", "c/y.png", "z.png", "e/z.png"]
    names.append("/data/sub/w.png")
    found = [images.find(name) for name in names]
    assert [entry and entry["id"] for entry in found] == [1, 2, 1, 3, 5, None, 6]
    monkeypatch.chdir("/tmp")
    with pytest.raises(ValueError, match="y.png fits several images .*c/y.png, d/y"):
        images.find("y.png")
    images.require(["z.png", "a/x.png", "c/y.png"])
    with pytest.raises(ValueError, match="2 of 3 are not in it, first e/z.png"):
        images.require(["e/z.png", "x.png", "q.png"])
    with pytest.raises(ValueError, match="both b/x.png and e/x.png fit its image x"):
        images.require(["b/x.png", "e/x.png"])


@pytest.mark.parametrize(
    "content", [[], {}, {"images": [{"id": 1}]}, {"images": [{"file_name": "a"}]}]
)
def test_a_list_of_images_has_ids_and_names(content, tmp_path):
    (tmp_path / "x.json").write_text(json.dumps(content))
    with pytest.raises(DatasetError, match="x.json must list `images`"):
        ImageList(tmp_path / "x.json")
    with pytest.raises(FileNotFoundError, match="`images_json` must be a file.*y.json"):
        ImageList(tmp_path / "y.json")
