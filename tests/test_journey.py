"""An animal of seven joints, from its COCO file to a served answer, by commands alone.

Names of files and joints have blanks and commas, images lie in folders of folders, and
the joints have sides, but for one.
"""

import csv
import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from keras_hourglass import load_dataset, load_model
from keras_hourglass.skeletons import COCO
from keras_hourglass_cli import main as cli

JOINTS = {  # name -> place from the middle, pixels
    **{"Snout, tip": (0, -30), "Left Ear": (-14, -38), "Right Ear": (14, -38)},
    **{"paw L": (-16, 4), "paw R": (16, 4)},
    **{"hind_paw_left": (-14, 34), "hind_paw_right": (14, 34)},
}
LIMBS = [[1, 2], [1, 3], [1, 4], [1, 5], [4, 6], [5, 7]]  # COCO counts from 1
LAST = len(JOINTS) - 1
COUNT, CATEGORY = 16, 7
UNLABELED = 3  # an image where the last joint has no label
COLORS = [(250, 250, 250), *[(250, 60, 60)] * 2, *[(30, 220, 220)] * 2]
COLORS += [(60, 200, 60)] * 2
SIZES = "--stacks 1 --filters 8 --stem-filters 4 --depth 1 --image-size 32"
DATASET = "coco:my cows/cow poses.json"


def draw_cow(random):
    """An image of 140 x 120 pixels, and its joints."""
    image = np.full((120, 140, 3), random.integers(60, 110, 3), "uint8")
    middle = np.array([70, 60]) + random.uniform(-12, 12, 2)
    places = random.uniform(0.8, 1.1) * np.array([*JOINTS.values()])
    joints = (middle + places + random.uniform(-3, 3, places.shape)).round(2)
    size = (18, 36), 0, 0, 360
    cv2.ellipse(image, np.rint(middle).astype(int).tolist(), *size, (120, 90, 60), -1)
    for joint, color in zip(joints, COLORS):
        at = np.rint(joint).astype(int).tolist()
        cv2.circle(image, at, 5, color, -1, cv2.LINE_AA)
    return image, joints


def write_dataset(root):
    """Writes images in two levels of folders, and a COCO file."""
    random, images, annotations = np.random.default_rng(0), [], []
    for number in range(COUNT):
        image, joints = draw_cow(random)
        name = f"farm {number % 2}/herd, {number % 3}/cow no {number}.png"
        path = root / "images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), image[..., ::-1])
        images.append({"id": 500 + number, "file_name": name})
        images[-1] |= {"width": 140, "height": 120}
        flags = np.full((len(joints), 1), 2)
        flags[LAST] = 0 if number == UNLABELED else 2
        low, high = joints.min(0) - 6, joints.max(0) + 6
        keypoints = np.where(flags, np.hstack([joints, flags]), 0)
        annotations.append(
            {
                **{"id": 1 + number, "image_id": 500 + number},
                **{"category_id": CATEGORY, "iscrowd": 0},
                "keypoints": keypoints.ravel().tolist(),
                "num_keypoints": int((flags > 0).sum()),
                "bbox": [*low.round(1).tolist(), *(high - low).round(1).tolist()],
                "area": float(np.prod(high - low)),
            }
        )
    category = {"id": CATEGORY, "name": "cow", "keypoints": [*JOINTS]}
    category["skeleton"] = LIMBS
    content = {"images": images, "annotations": annotations, "categories": [category]}
    (root / "cow poses.json").write_text(json.dumps(content))


def run(*arguments, status=0):
    """Runs a command; returns all that it prints."""
    result = CliRunner().invoke(cli.main, [*map(str, arguments)])
    assert result.exit_code == status, (result.output, result.exception)
    return result.output


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with the images of cows, and a network that is trained on them."""
    home = tmp_path_factory.mktemp("home")
    write_dataset(home / "my cows")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        options = "--recipe demo --epochs 3 --batch-size 4 --val-share 0.25"
        options = ["--dataset", DATASET, *SIZES.split(), *options.split()]
        (home / "log.txt").write_text(run("train", *options, "--output", "my run"))
    return home


@pytest.fixture(autouse=True)
def at_home(home, monkeypatch):
    monkeypatch.chdir(home)


@pytest.fixture(scope="module")
def predicted(home):
    """The contents of the files that `predict` writes: COCO's, and the table."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        outputs = "--output", "my cows/found.json", "--output", "my cows/found.csv"
        boxes = "--boxes", "my cows/cow poses.json"
        listed = "--images-json", "my cows/cow poses.json"
        images = "my cows/images"
        run("predict", images, "--model", "my run", *boxes, *listed, *outputs)
    found = json.loads((home / "my cows/found.json").read_text())
    with open(home / "my cows/found.csv", newline="") as file:
        return found, [*csv.DictReader(file)]


def test_the_dataset_is_checked_and_shown():
    text = run("data", "check", "--dataset", DATASET)
    assert re.search(rf"\b{COUNT}  people\n", text) and "Nothing is wrong" in text
    assert re.search(rf"\b{7 * COUNT - 1}  labeled joints\n", text)
    run("data", "show", "--dataset", DATASET, "--output", "sheet.png")
    assert cv2.imread("sheet.png").shape == (256 * 3, 256 * 6, 3)


def test_the_network_has_the_joints_and_limbs_of_the_dataset():
    log = Path("log.txt").read_text()
    assert f"The network has the joints of coco: {', '.join(JOINTS)}" in log
    skeleton = load_model("my run").skeleton
    assert skeleton.joints == (*JOINTS,)
    assert skeleton.category == "cow"
    assert skeleton.flip_indices == (0, 2, 1, 4, 3, 6, 5)
    assert [[i + 1 for i in skeleton.indices(limb)] for limb in skeleton.limbs] == LIMBS
    table = (Path("my run") / "history.csv").read_text().splitlines()
    assert len(table) == 1 + 3


def test_evaluation_and_its_report_have_no_word_of_a_persons_body():
    split = "--dataset", DATASET, "--val-share", 0.25
    text = run("evaluate", "my run", *split, "--report", "report")
    counts = f"{COUNT // 4} people, {COUNT // 4 * 7} joints"
    assert f"my run on {DATASET}: {counts}" in text
    page = Path("report/report.html").read_text()
    for pattern in ("<style.*?</style>", "<[^>]*>"):
        page = re.sub(pattern, " ", page, flags=re.DOTALL)
    for written in (text, page):
        assert all(
            name.replace("_", " ") in written.replace("_", " ") for name in JOINTS
        )
        assert "PCK, %" in written and "OKS" in written
        for word in ("PCKh", "head", "head_top", "wrist", "knee", "limbs"):
            assert not re.search(rf"\b{word}\b", written, re.IGNORECASE)


def test_predictions_have_the_ids_and_the_category_of_the_dataset(predicted):
    found, _ = predicted
    truth = json.loads(Path("my cows/cow poses.json").read_text())
    assert found["categories"] == truth["categories"]
    names = {image["id"]: image["file_name"] for image in truth["images"]}
    assert {each["id"]: each["file_name"] for each in found["images"]} == names
    boxes = {each["image_id"]: each["bbox"] for each in truth["annotations"]}
    assert {each["image_id"]: each["bbox"] for each in found["annotations"]} == boxes
    assert all(len(entry["keypoints"]) == 21 for entry in found["annotations"])


def require_complete(dataset):
    """Checks that a dataset of predictions has all people and images.

    A joint may be predicted outside of its image, which `data check` reports.
    """
    result = CliRunner().invoke(cli.main, ["data", "check", "--dataset", dataset])
    assert result.exit_code in (0, 1) and not isinstance(result.exception, OSError)
    assert re.search(rf"\b{COUNT}  people\n", result.output)
    counts = re.findall(r"^ +(\d+)  (people|images) (.+)$", result.output, re.M)
    wrong = {what: int(count) for count, _, what in counts}
    del wrong["with joints outside of their image"]
    assert len(wrong) > 8 and not any(wrong.values()), wrong


def test_the_table_reads_back_to_the_digit_from_elsewhere(predicted, home, monkeypatch):
    found, rows = predicted
    monkeypatch.chdir("/")
    people = load_dataset("own", home / "my cows/found.csv")
    assert people.skeleton.joints == (*JOINTS,)
    folder = home / "my cows/images"
    names = [str(Path(image).relative_to(folder)) for image in people.images]
    files = {image["id"]: image["file_name"] for image in found["images"]}
    assert names == [files[entry["image_id"]] for entry in found["annotations"]]
    keypoints = [entry["keypoints"] for entry in found["annotations"]]
    expected = np.reshape(keypoints, (-1, 7, 3))[..., :2].astype("float32")
    labeled = people.weights > 0
    np.testing.assert_array_equal(people.joints[labeled], expected[labeled])
    typed = [
        [[row[f"{name}_{end}"] for end in "xy"] for name in JOINTS] for row in rows
    ]
    np.testing.assert_array_equal(np.array(typed, "float32"), expected)
    require_complete(f"own:{home}/my cows/found.csv")


def test_the_written_coco_file_is_a_dataset(predicted):
    require_complete("coco:my cows/found.json")


def test_a_projection_onto_cocos_joints_says_what_is_lost(caplog):
    image = next(Path("my cows/images").rglob("*.png"))
    options = "--model", "my run", "--format", "coco17", "--output", "coco17.json"
    run("predict", image, *options)
    (entry,) = json.loads(Path("coco17.json").read_text())
    keypoints = np.reshape(entry["keypoints"], (17, 3))
    ears = [COCO.joints.index(name) for name in ("left_ear", "right_ear")]
    assert not np.delete(keypoints, ears, axis=0).any() and keypoints[ears].all()
    assert "leaves out 5 joints: Snout, tip, paw L, paw R, hind_paw_left" in caplog.text
    assert "the network lacks 15 of COCO's 17 joints" in caplog.text


def test_the_served_answer_is_the_predicted_one(predicted, home):
    tensorflow = pytest.importorskip("tensorflow")
    run("export", "my run", "served cows", "--dataset", DATASET)
    facts = json.loads(Path("served cows/1/assets/about.json").read_text())
    assert facts["joints"] == [*JOINTS] and len(facts["limbs"]) == len(LIMBS)
    served = tensorflow.saved_model.load("served cows/1").signatures["serve_boxes"]
    found, _ = predicted
    files = {image["id"]: image["file_name"] for image in found["images"]}
    annotations = found["annotations"]
    contents = [
        (home / "my cows/images" / files[entry["image_id"]]).read_bytes()
        for entry in annotations
    ]
    boxes = np.array([entry["bbox"] for entry in annotations], "float32")
    answer = served(image_bytes=tensorflow.constant(contents), boxes=boxes)
    expected = [np.reshape(entry["keypoints"], (7, 3)) for entry in annotations]
    np.testing.assert_allclose(
        answer["keypoints"], np.stack(expected)[..., :2], atol=0.02
    )
    scores = [entry["keypoint_scores"] for entry in annotations]
    np.testing.assert_allclose(answer["scores"], scores, atol=0.002)
