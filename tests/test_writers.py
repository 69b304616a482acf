"""Outputs: what is written is read again, by our readers and by OpenCV."""

import csv
import io
import json
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from keras_hourglass.data import datasets
from keras_hourglass.inference.boxes.files import read_boxes
from keras_hourglass.inference.output.plan import OutputPlan, prints_data
from keras_hourglass.inference.output.writers import (
    FORMATS,
    DrawingWriter,
    OutputNames,
    draw_poses,
    frame_entry,
    open_writer,
    save_image,
)
from keras_hourglass.inference.pose import Pose
from keras_hourglass.inference.runner import FrameResult
from keras_hourglass.inference.sources import InputSource
from keras_hourglass.inference.sources.frames import InputFrame
from keras_hourglass.inference.video import Video
from keras_hourglass.skeletons import MPII, Skeleton
from keras_hourglass.visualization.skeletons import draw_skeleton

PIXELS = np.full((64, 96, 3), 100, "uint8")
PHOTO, OTHER = (
    InputSource("photos/a b.png", "image"),
    InputSource("x/a b.jpg", "image"),
)
FILM, CAMERA = InputSource("film.mov", "video"), InputSource("0", "camera")


def result(source=PHOTO, people=2, frame=None, skeleton=MPII, box_scores=None):
    """Joints of person n are at (10 n + joint, 20 n), with scores 0.25 and up."""
    number = len(skeleton.joints)
    shot = InputFrame(source, PIXELS, frame, (frame or 0) / 10, 10.0)
    poses = [
        Pose(
            joints=np.stack(
                [10.004 * n + np.arange(number), np.full(number, 20 * n)], 1
            ),
            scores=np.linspace(0.25, 0.75, number, dtype="float32"),
            box=np.array([1.0 + n, 2, 30, 40]),
            skeleton=skeleton,
            box_score=None if box_scores is None else box_scores[n],
        )
        for n in range(people)
    ]
    return FrameResult(shot, poses)


def written(path, kind, *results, skeleton=MPII):
    frames = any(one.frame.index is not None for one in results)
    with open_writer(path, kind, skeleton, frames) as writer:
        for one in results:
            writer.write(one)
    return path


@pytest.mark.parametrize("kind", FORMATS)
def test_boxes_are_read_again_from_every_kind(kind, tmp_path):
    ending = ".csv" if kind == "csv" else ".json"
    photo = InputSource("photos/000000000012.png", "image")
    path = written(tmp_path / f"found{ending}", kind, result(photo), result(OTHER, 0))
    found = read_boxes(path).lookup("photos/000000000012.png")
    np.testing.assert_array_equal(found[:, :4], [[1, 2, 30, 40], [2, 2, 30, 40]])
    assert not len(read_boxes(path).lookup("x/a b.jpg"))


@pytest.mark.parametrize(
    "kind", [kind for kind in FORMATS if not kind.startswith("coco")]
)
def test_boxes_of_frames_are_read_again(kind, tmp_path):
    path = tmp_path / ("found.csv" if kind == "csv" else "found.json")
    written(path, kind, result(FILM, 1, 0), result(FILM, 0, 1), result(FILM, 2, 2))
    known = read_boxes(path)
    assert [len(known.lookup("film.mov", frame)) for frame in range(4)] == [1, 0, 2, 0]


def test_a_table_of_frames_has_their_times(tmp_path):
    path = written(tmp_path / "a.csv", "csv", result(FILM, 1, 3), result(PHOTO, 1))
    header, *rows = [line.split(",")[:5] for line in path.read_text().splitlines()]
    assert header == ["image", "frame", "seconds", "id", "x"]
    assert [row[1:3] for row in rows] == [["3", "0.3"], ["", ""]]


def test_json_has_a_line_for_each_result(capsys):
    written(None, "json", result(box_scores=np.array([0.9, 0.5])), result(FILM, 1, 3))
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first["image"] == "photos/a b.png" and "frame" not in first
    person = first["people"][1]
    assert person["score"] == 0.5 and person["box"] == [2, 2, 30, 40]
    assert person["joints"]["right_knee"] == [11, 20]
    assert person["scores"]["left_wrist"] == 0.75
    assert person["uncertain"] == list(MPII.joints[:5])  # below 0.4
    assert (second["frame"], second["seconds"]) == (3, 0.3)
    assert "score" not in second["people"][0]


def test_a_table_names_the_joints_that_are_uncertain(tmp_path):
    path = written(tmp_path / "a.csv", "csv", result(PHOTO, 1))
    (row,) = csv.DictReader(path.open())
    assert row["uncertain"] == ", ".join(MPII.joints[:5])
    assert float(row["right_ankle_score"]) == 0.25 and row["right_ankle_x"] == "0.0"


def test_a_table_of_images_is_a_custom_dataset(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), PIXELS)
    written(tmp_path / "people.csv", "csv", result(InputSource("a.png", "image")))
    people = datasets.load_dataset("own", tmp_path)
    assert people.skeleton.joints == MPII.joints
    np.testing.assert_allclose(people.joints[1][:, 0], np.arange(16) + 10, atol=0.01)
    np.testing.assert_allclose(
        people.weights[0], np.linspace(0.25, 0.75, 16), atol=1e-4
    )
    np.testing.assert_allclose(people.centers[0], [1 + 29 / 2, 2 + 39 / 2])


@pytest.mark.parametrize(
    "image, output, name",
    [
        ("d/a.png", "d/people.csv", "a.png"),
        ("d/images/x y/a, b.png", "d/people.csv", "images/x y/a, b.png"),
        ("d/ a.png", "d/people.csv", "./ a.png"),
        ("d/a.png", "e/people.csv", "../d/a.png"),
        ("0.png", None, "0.png"),
    ],
)
def test_images_are_named_from_the_folder_of_the_file(
    image, output, name, tmp_path, monkeypatch, capsys, caplog
):
    caplog.set_level("INFO")
    (tmp_path / image).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "e").mkdir()
    cv2.imwrite(str(tmp_path / image), PIXELS)
    monkeypatch.chdir(tmp_path / "e")
    source = InputSource(f"../{image}", "image")
    written(output and tmp_path / output, "csv", result(source, 1))
    text = (tmp_path / output).read_text() if output else capsys.readouterr().out
    (line,) = csv.DictReader(io.StringIO(text))
    assert line["image"] == (name if output else "../0.png")
    outside = [record.getMessage() for record in caplog.records]
    assert len(outside) == name.startswith("..")
    assert all("first ../d/a.png: as a dataset, it needs" in text for text in outside)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_table_comes_back_to_the_digit_from_any_folder(tmp_path, monkeypatch, dtype):
    skeleton = Skeleton(("left_hip", "right_hip", "nose"))
    names = ["a.png", "one, two/b c.png", "images/ä;d.png", " e.png"]
    random, results = np.random.default_rng(0), []
    for name in names:
        (tmp_path / "d" / name).parent.mkdir(parents=True, exist_ok=True)
        image = np.zeros((4, 4, 3), "uint8")
        (tmp_path / "d" / name).write_bytes(cv2.imencode(".png", image)[1])
        pose = Pose(
            *(random.uniform(0, 1000, (3, 2)).astype(dtype), random.random(3)),
            *(random.uniform(5, 99, 4), skeleton),
        )
        source = InputSource(f"d/{name}", "image")
        results.append(FrameResult(InputFrame(source, PIXELS, None, 0, 0), [pose]))
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "d/people.csv", "csv", *results, skeleton=skeleton)
    monkeypatch.chdir("/")
    people = datasets.load_dataset("own", tmp_path / "d")
    assert people.skeleton == skeleton
    assert [Path(path) for path in people.images] == [tmp_path / "d" / n for n in names]
    for row, (_, (pose,)) in enumerate(results):
        pose = pose.round()
        np.testing.assert_array_equal(people.joints[row], pose.joints.astype("float32"))
        np.testing.assert_array_equal(
            people.weights[row], pose.scores.astype("float32")
        )
        x, y, width, height = pose.box
        center = np.float32([x + (width - 1) / 2, y + (height - 1) / 2])
        np.testing.assert_array_equal(people.centers[row], center)


@pytest.mark.parametrize("kind", FORMATS)
def test_an_interruption_leaves_no_partial_file(kind, tmp_path):
    (tmp_path / "old.json").write_text("old")
    with pytest.raises(KeyboardInterrupt):
        with open_writer(tmp_path / "old.json", kind, MPII, False) as writer:
            writer.write(result())
            raise KeyboardInterrupt
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


@pytest.mark.parametrize("name", ["a.png", "ä b.jpg", "a.webp"])
def test_an_image_is_drawn_with_all_people(name, tmp_path):
    with DrawingWriter(tmp_path / name) as drawing:
        drawing.write(draw_poses(result()), result().frame)
    read = cv2.imdecode(np.fromfile(tmp_path / name, "uint8"), cv2.IMREAD_COLOR)
    assert read.shape == PIXELS.shape and (read != 100).any()
    for pose in result().poses:
        drawn = draw_skeleton(PIXELS, pose.joints, MPII, pose.scores)
        there = (drawn != PIXELS).any(-1)
        assert (draw_poses(result())[there] != 100).any()


def test_a_video_is_drawn_frame_by_frame_or_not_at_all(tmp_path):
    with DrawingWriter(tmp_path / "a.mp4") as drawing:
        for frame in range(3):
            drawing.write(PIXELS, result(FILM, frame=frame).frame)
    video = Video(tmp_path / "a.mp4")
    assert (video.fps, len([*video])) == (10, 3)
    with pytest.raises(KeyboardInterrupt), DrawingWriter(tmp_path / "b.mp4") as drawing:
        drawing.write(PIXELS, result(FILM, frame=0).frame)
        raise KeyboardInterrupt
    with DrawingWriter(tmp_path / "none.mp4"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


def test_a_video_of_a_camera_lasts_as_long_as_the_camera_was_read(
    tmp_path, monkeypatch
):
    """At 10 frames per second, from a network that processes 3 and then 30."""
    monkeypatch.setitem(sys.modules, "av", None)  # which keeps any times
    with DrawingWriter(tmp_path / "a.mp4") as drawing:
        for seconds in (0, 0.35, 0.65, 0.68, 0.72, 0.95):
            shot = result(CAMERA, frame=0).frame
            drawing.write(PIXELS, shot._replace(seconds=seconds))
    assert len([*Video(tmp_path / "a.mp4")]) == 10


def test_an_image_too_large_for_its_format_raises_an_error(tmp_path):
    with pytest.raises(ValueError, match="a .webp file takes no image of 20000 x 1"):
        save_image(tmp_path / "x.webp", np.zeros((1, 20000, 3), "uint8"))
    assert not [*tmp_path.iterdir()]


def test_drawings_of_one_name_do_not_replace_each_other(tmp_path):
    names = OutputNames(tmp_path)
    found = [names.path_of(source).name for source in (PHOTO, OTHER, FILM, CAMERA)]
    assert found == [
        *("a b.joints.png", "a b-2.joints.png"),
        *("film.joints.mp4", "camera-0.joints.mp4"),
    ]
    upper = names.path_of(InputSource("FILM.mp4", "video"))
    assert upper.name == "FILM-2.joints.mp4"


def planned(*outs, kind=None, sources=(PHOTO,)):
    found = OutputPlan.from_paths(outs, kind, sources)
    assert prints_data(outs) == any(path is None for path, _ in found.data)
    return (
        [(path and str(path), kind) for path, kind in found.data],
        [*map(str, found.drawings), *(f"{each.folder}/" for each in found.folders)],
        [*map(str, found.sheets)],
    )


@pytest.mark.parametrize(
    "outs, sources, expected",
    [
        ((), [PHOTO], ([(None, "json")], ["./"], [])),
        ((), [PHOTO, FILM], ([(None, "json")], ["joints/"], [])),
        (("a.png",), [PHOTO], ([(None, "json")], ["a.png"], [])),
        (("a.mp4",), [FILM], ([(None, "json")], ["a.mp4"], [])),
        (("a.PNG",), [PHOTO, OTHER], ([(None, "json")], [], ["a.PNG"])),
        (("a.csv", "d/"), [PHOTO], ([("a.csv", "csv")], ["d/"], [])),
        (("a.jsonl", "b.json"), [FILM], ([("a.jsonl", "json"), ("b.json", "coco")],
                                         [], [])),
        (("-", "d"), [CAMERA], ([(None, "json")], ["d/"], [])),
    ],
)  # fmt: skip
def test_suffixes_say_what_is_written(outs, sources, expected):
    assert planned(*outs, sources=sources) == expected


def test_a_given_format_holds_whatever_the_suffix():
    assert planned(kind="csv")[0] == [(None, "csv")]
    assert planned("a.json", kind="json")[0] == [("a.json", "json")]


@pytest.mark.parametrize(
    "output, sources, says",
    [
        ("a.mp4", [PHOTO], "of a single video"),
        ("a.mp4", [FILM, FILM], "of a single video"),
        ("a.png", [FILM], "folder or a video for videos"),
        ("a.png", [PHOTO] * 700, "at most 600 images"),
        ("a.WebP", [PHOTO] * 379, "at most 378 images"),
        ("a.jsno", [PHOTO], "Did you mean '.json'"),
    ],
)
def test_invalid_outputs_raise_an_error(output, sources, says):
    with pytest.raises(ValueError, match=f"`outputs` .*{says}.*outputs='{output}'"):
        planned(output, sources=sources)


@pytest.mark.parametrize(
    "outputs",
    [("a.csv", "b.csv", "a.csv"), ("a.png", "./a.png"), ("d", "d/"), ("-", "-")],
)
def test_an_output_is_not_given_twice(outputs):
    with pytest.raises(ValueError, match="`outputs` must not be given twice"):
        planned(*outputs)


def test_an_unknown_format_is_refused():
    with pytest.raises(ValueError, match="`format` must .*Did you mean 'coco'"):
        planned("a.csv", kind="cocoo")


def test_an_empty_output_is_not_the_current_folder():
    with pytest.raises(ValueError, match="`outputs` must not be empty"):
        planned("")


def test_one_output_needs_no_list():
    plan = OutputPlan.from_paths("a.csv", None, [PHOTO])
    assert plan.data == [(Path("a.csv"), "csv")]


def test_an_input_is_never_overwritten(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.png").write_bytes(b"")
    with pytest.raises(ValueError, match="must not be an input"):
        planned("./a.png", sources=[InputSource("a.png", "image")])


@pytest.mark.parametrize("kind", FORMATS)
def test_a_full_disk_names_the_file_that_is_written_and_keeps_the_old(
    kind, tmp_path, small_disk
):
    path, other = tmp_path / "found.json", tmp_path / "other.csv"
    path.write_text("old")
    with (
        small_disk(3000),
        pytest.raises(OSError) as raised,
        open_writer(other, "csv", MPII, False) as short,
        open_writer(path, kind, MPII, False) as writer,
    ):
        short.write(result(people=0))
        for _ in range(20):
            writer.write(result())
    assert raised.value.filename == str(path)
    assert path.read_text() == "old" and [*tmp_path.iterdir()] == [path]


def test_scores_of_boxes_and_numbers_of_people_are_in_every_kind(tmp_path):
    image = result(InputSource("7.png", "image"), box_scores=[0.9, 0.5])
    film = result(FILM, 2, 3)
    film = film._replace(poses=[replace(film.poses[0], id=4), film.poses[1]])
    written(tmp_path / "a.csv", "csv", image, film)
    rows = [*csv.DictReader(io.StringIO((tmp_path / "a.csv").read_text()))]
    assert [row["score"] for row in rows] == ["0.9", "0.5", "", ""]
    assert [row["id"] for row in rows] == ["", "", "4", ""]
    found = read_boxes(tmp_path / "a.csv").lookup("7.png")
    assert found[:, 4].tolist() == [0.9, 0.5]
    first, second = (frame_entry(each)["people"] for each in (image, film))
    assert [person["score"] for person in first] == [0.9, 0.5]
    assert [person.get("id") for person in second] == [4, None]
    tracked = image._replace(poses=[replace(each, id=8) for each in image.poses])
    for kind, key in [("coco", "annotations"), ("coco17", None)]:
        content = json.loads(written(tmp_path / "a.json", kind, tracked).read_text())
        people = content[key] if key else content
        assert [person["track_id"] for person in people] == [8, 8]
