"""`hourglass-keras data` as a user meets it."""

import json

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from keras_hourglass.data import datasets
from keras_hourglass.visualization.boxes import IGNORED_COLOR, PERSON_COLOR
from keras_hourglass_cli import main as cli


def call(*arguments, status=0):
    result = CliRunner().invoke(cli.main, ["data", *map(str, arguments)])
    assert result.exit_code == status, result.output
    return result


@pytest.fixture
def drawn_few(monkeypatch):
    monkeypatch.setattr("keras_hourglass.data.datasets.synthetic.VALIDATION_COUNT", 2)


def test_prepare_writes_what_crops_reads_and_then_has_nothing_to_do(
    tmp_path, drawn_few
):
    command = ["prepare", "--dataset", "synthetic:5", "--output", tmp_path / "new"]
    output = call(*command).stdout
    assert "7 people written" in output
    assert f"--dataset crops:{tmp_path / 'new'}" in output
    assert len(datasets.load_dataset("crops", tmp_path / "new")) == 7
    assert "Nothing is left to do" in call(*command).stdout
    (tmp_path / "new" / "images" / "000003.jpg").unlink()
    assert "1 person written, in all 7 in" in call(*command).stdout
    assert "size: 256, now 96" in call(*command, "--size", 96, status=1).stderr


def test_prepare_counts_the_images_that_it_left_out(tmp_path, drawn_few):
    first, second = tmp_path / "first", tmp_path / "second"
    call("prepare", "--dataset", "synthetic:5", "--output", first)
    (first / "images" / "000003.jpg").write_text("no picture")
    (first / "images" / "000004.jpg").unlink()
    command = ["prepare", "--dataset", "crops", "--root", first, "--output", second]
    assert "--missing-images skip" in call(*command, status=1).stderr
    command += ["--missing-images", "skip"]
    assert "--broken-images skip" in call(*command, status=1).stderr
    result = call(*command, "--broken-images", "skip")
    assert "1 of 7 images are missing" in result.stderr
    assert "1 image could not be read and was left out" in result.stderr
    assert "in all 5 in" in result.stdout


def test_prepare_stays_out_of_the_dataset(tmp_path, drawn_few):
    call("prepare", "--dataset", "synthetic:2", "--output", tmp_path / "a")
    command = ["prepare", "--dataset", f"crops:{tmp_path / 'a'}"]
    result = call(*command, "--output", tmp_path / "a" / "b", status=1)
    assert "must lie outside" in result.stderr


def test_ctrl_c_ends_as_a_shell_expects(monkeypatch, tmp_path):
    def stop(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("keras_hourglass_cli.data.load_dataset", stop)
    command = ["prepare", "--dataset", "synthetic:2", "--output", tmp_path / "a"]
    assert "Stopped" in call(*command, status=130).stderr


def test_check_says_by_its_exit_status_whether_something_is_wrong(tmp_path, drawn_few):
    folder = tmp_path / "new"
    call("prepare", "--dataset", "synthetic:5", "--output", folder)
    command = ["check", "--dataset", f"crops:{folder}"]
    assert "Nothing is wrong" in call(*command).stdout
    for number in range(5):
        (folder / "images" / f"00000{number}.jpg").unlink()
    output = call(*command, status=1).stdout
    assert "5  images that are missing" in output and "and 2 more" in output
    report = json.loads(call(*command, "--json", status=1).stdout)
    assert report["failed"] and report["problems"]["missing"] == 5
    assert report["counts"]["people"] == 7 and len(report["first"]["missing"]) == 5


def test_check_fails_for_a_dataset_without_usable_people(tmp_path):
    """All annotations are boxes without joints."""
    image = {"id": 1, "file_name": "a.jpg"}
    box = {"id": 1, "image_id": 1, "bbox": [1, 2, 30, 40], "keypoints": []}
    listed = {"images": [image], "annotations": [box]}
    path = tmp_path / "people.json"
    path.write_text(json.dumps(listed))
    output = call("check", "--dataset", f"coco:{path}", status=1).stdout
    assert output.endswith("\nNo usable people are left.\n")
    assert "1 of 1 people" in output and "without labels" not in output


@pytest.mark.parametrize("how", [[], ["--augmented"], ["--augmentation", "paper"]])
def test_show_draws_a_sheet_and_names_its_people(tmp_path, drawn_few, how):
    path = tmp_path / "sheet.png"
    command = ["show", "--dataset", "synthetic:5", "--output", path, "--count", 4]
    output = call(*command, *how).stdout.splitlines()
    assert len(output) == 5 and "4 of 7 people" in output[-1]
    assert cv2.imread(str(path)).shape == (256, 4 * 256, 3)
    first = path.read_bytes()
    call(*command, *how, "--seed", 1)
    assert path.read_bytes() != first
    call(*command, *how, "--seed", 0)
    assert path.read_bytes() == first


def test_an_option_of_joints_is_not_for_photographs(tmp_path):
    options = ["--dataset", f"coco:{tmp_path}", "--task", "detect", "--min-joints", 3]
    assert "--min-joints" in call("check", *options, status=1).stderr


def test_show_writes_png_alone(tmp_path):
    command = ["show", "--dataset", "synthetic:5", "--output", tmp_path / "a.jpg"]
    assert "must end in .png" in call(*command, status=2).stderr


def test_one_coco_file_with_images_elsewhere_is_checked_and_shown(tmp_path, shared):
    source = shared / "cases" / "ls_style"
    file = tmp_path / "export.json"
    file.write_text((source / "result.json").read_text())
    command = ["check", "--headers-only", "--dataset", f"coco:{file}"]
    output = call(*command, status=1).stdout
    assert f"are in none of {tmp_path}" in output and "images/, " in output
    show = ["show", "--dataset", f"coco:{file}", "--output", tmp_path / "people.png"]
    assert "`--images DIR`" in call(*show, status=1).stderr
    assert "Nothing is wrong" in call(*command, "--images", source).stdout
    assert "4 of 4 people are drawn" in call(*show, "--images", source).stdout
    wrong = call(*show, "--images", tmp_path / "none", status=1).stderr
    assert "`--images` must be a folder" in wrong


@pytest.fixture
def photographs(tmp_path):
    """A folder of two photographs in COCO's layout; returns it and its contents."""
    for name in ("a.png", "b.png"):
        image = np.full((60, 80, 3), ord(name[0]), "uint8")
        cv2.imwrite(str(tmp_path / name), image)
    boxes = {"a": [10, 10, 20, 40], "crowd": [40, 10, 30, 30]}
    contents = {
        "images": [{"id": 1, "file_name": "a.png"}, {"id": 2, "file_name": "b.png"}],
        "categories": [{"id": 1, "name": "person"}],
        "annotations": [
            {"image_id": 1, "category_id": 1, "bbox": box, "iscrowd": name == "crowd"}
            for name, box in boxes.items()
        ],
    }
    return tmp_path, contents


def test_photographs_are_shown_with_people_and_ignored_areas_in_two_colors(photographs):
    root, contents = photographs
    (root / "instances.json").write_text(json.dumps(contents))
    path = root / "sheet.png"
    show = ["show", "--task", "detect", "--dataset", f"coco:{root}", "--output", path]
    output = call(*show).stdout.splitlines()
    assert sorted(output[:2]) == ["a.png", "b.png"]
    assert output[2].startswith("2 of 2 photographs are drawn")
    sheet = cv2.imread(str(path))[..., ::-1]
    assert sheet.shape == (320, 640, 3)
    for color in (PERSON_COLOR, IGNORED_COLOR):
        assert (np.abs(sheet - np.array(color)).max(axis=-1) < 2).sum() > 100
    call(*show, "--augmentation", "detect", "--count", 5)
    wrong = call(*show, "--augmentation", "paper", status=2).stderr
    assert "--augmentation must be detect or detect_light" in wrong
    assert (
        "boxes of all people"
        in call(
            *("show", "--task", "detect", "--dataset", "mpii:x", "--output", path),
            status=1,
        ).stderr
    )


def test_photographs_are_checked_and_each_problem_is_found(photographs):
    root, contents = photographs
    check = ["check", "--task", "detect", "--dataset", f"coco:{root}"]
    (root / "instances.json").write_text(json.dumps(contents))
    assert "Nothing is wrong" in call(*check).stdout
    (twice,) = [box for box in contents["annotations"] if not box["iscrowd"]]
    contents["annotations"] += [twice, {**twice, "bbox": [70, 10, 20, 20]}]
    contents["images"][1] |= {"width": 160, "height": 120}
    contents["images"] += [{"id": 3, "file_name": "c.png"}]
    contents["images"] += [{"id": 4, "file_name": "a.png"}]
    contents["images"] += [{"id": 5, "file_name": None}]
    (root / "instances.json").write_text(json.dumps(contents))
    report = json.loads(call(*check, "--json", status=1).stdout)
    assert report["counts"] == {
        "photographs": 4,
        "without_people": 3,
        "people": 3,
        "ignored_areas": 1,
        "train": 4,
    }
    found = {kind: count for kind, count in report["problems"].items() if count}
    assert found == {
        "unusable": 1,
        "missing": 1,
        "scaled_sizes": 1,
        "boxes_outside": 1,
        "duplicate_people": 1,
        "duplicate_listings": 1,
    }
