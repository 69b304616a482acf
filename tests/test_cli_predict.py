"""`hourglass-keras predict` on the command line."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import cv2
import keras
import numpy as np
import pytest
from click.testing import CliRunner
from rich.console import Console

from keras_hourglass import PoseEstimator, StackedHourglass
from keras_hourglass.data.datasets.synthetic.scene import draw_image
from keras_hourglass.inference import runner
from keras_hourglass.inference.detectors import load_detector
from keras_hourglass.inference.runner import estimate_frames, predict_sources
from keras_hourglass.inference.video import Frame, Video, VideoWriter
from keras_hourglass.visualization.skeletons import MIN_JOINT_SCORE
from keras_hourglass_cli import main as cli
from keras_hourglass_cli.terminal.progress import PredictProgress


def call(*arguments, status=0, **kwargs):
    arguments = ["predict", *map(str, arguments)]
    result = CliRunner().invoke(cli.main, arguments, **kwargs)
    assert result.exit_code == status, (result.output, result.exception)
    return result


LIBRARY = "keras_hourglass"  # TensorFlow logs, too, as a process retraces


@pytest.fixture
def messages(caplog):
    """The library's messages since the last call: (level, text)."""
    caplog.set_level("INFO", logger=LIBRARY)

    def take():
        records = [each for each in caplog.records if each.name.startswith(LIBRARY)]
        caplog.clear()
        return [(each.levelname, each.message) for each in records]

    return take


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    path = tmp_path_factory.mktemp("network") / "model.keras"
    size = {"filters": 4, "stem_filters": 2, "depth": 1, "image_size": 32}
    keras.utils.set_random_seed(0)
    model = StackedHourglass(stacks=1, **size)
    bias = model.weights[-1]
    assert bias.shape == (16,)  # of the heatmaps: so that all scores are high
    bias.assign(np.full(16, 0.5))
    model.save(path)
    return path


@pytest.fixture(scope="module")
def estimator(network):
    return PoseEstimator(network, batch_size=4, detector=None)


@pytest.fixture
def folder(tmp_path, monkeypatch, estimator):
    """A working folder with a photograph and a film; the network is loaded once."""
    monkeypatch.chdir(tmp_path)

    def with_detector(model, detector, min_score=None, **options):
        """One person is searched for, unless a detector is named."""
        named = detector not in (None, "auto")
        estimator.detector = load_detector(detector, min_score) if named else None
        estimator.passes = 1 if named else 2
        estimator.min_pose_score = options.get("min_pose_score")
        estimator.min_joint_score = options.get("min_joint_score") or MIN_JOINT_SCORE
        return estimator

    monkeypatch.setattr(runner, "PoseEstimator", with_detector)
    cv2.imwrite("photo.png", draw_image(0, 0)[0])
    with VideoWriter("fílm 1.mp4", 10) as writer:
        for frame in range(7):
            writer.write(np.roll(draw_image(0, 0)[0], 3 * frame, axis=1))
    return tmp_path


def lines(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_keypoints_are_printed_and_drawn_by_default(network, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cv2.imwrite("a photo.png", draw_image(0, 0)[0])
    (found,) = lines(call("a photo.png", "--model", network, "--detector", "none"))
    assert found["image"] == "a photo.png" and found["drawn"] == "a photo.joints.png"
    (person,) = found["people"]
    assert len(person["joints"]) == len(person["scores"]) == 16
    drawn = cv2.imread("a photo.joints.png")
    assert drawn.shape == (192, 192, 3) and (drawn != cv2.imread("a photo.png")).any()
    assert names(tmp_path) == ["a photo.joints.png", "a photo.png"]


def test_each_box_is_a_person(folder):
    boxes = ["--box", 20, 10, 150, 170, "--box", 0, 0, 90, 90]
    (found,) = lines(call("photo.png", *boxes, "--output", "drawn.png"))
    assert [person["box"] for person in found["people"]] == [
        [20, 10, 150, 170],
        [0, 0, 90, 90],
    ]
    assert cv2.imread("drawn.png").shape == (192, 192, 3)


def test_a_folder_is_drawn_into_another_and_a_second_run_is_the_same(folder, messages):
    for _ in range(2):
        result = call(".", "--output", "found.csv")
        (text,) = (text for _, text in messages() if text.startswith("fílm"))
        assert text.startswith("fílm 1.mp4: 7 frames in ")
        assert text.endswith("frames per second") and not result.stdout
        table = (folder / "found.csv").read_text().splitlines()
        assert len(table) == 1 + 7 + 1 and table[0].startswith(
            "image,frame,seconds,id,x,"
        )
        call(".")
        messages()
        assert names(folder / "joints") == ["fílm 1.joints.mp4", "photo.joints.png"]
    assert len([*Video("joints/fílm 1.joints.mp4")]) == 7


def test_drawings_are_not_inputs_again(folder, messages):
    call("photo.png")
    call(".", "--output", "found.jsonl")
    assert ("INFO", ".: 1 drawing (*.joints.*) ignored") in messages()
    assert len((folder / "found.jsonl").read_text().splitlines()) == 8


def test_broken_inputs_are_named_and_skipped_and_the_status_is_one(folder, messages):
    (folder / "text.jpg").write_text("not an image")
    result = call("text.jpg", "photo.png", "none.png", "*.bmp", status=1)
    assert [found["image"] for found in lines(result)] == ["photo.png"]
    errors = messages()
    assert [level for level, _ in errors] == ["ERROR"] * 3
    assert result.stderr.splitlines() == [f"Error: {text}" for _, text in errors]
    for name, (_, text) in zip(("*.bmp", "text.jpg", "none.png"), errors):
        assert name in text
    (folder / "empty").mkdir()
    call("empty", status=1)
    assert messages() == [("ERROR", "empty has no image and no video")]


def test_an_image_on_the_standard_input(folder, messages):
    (found,) = lines(call("-", input=(folder / "photo.png").read_bytes()))
    assert found["image"] == "-" and found["drawn"] == "stdin.joints.png"
    call("-", input=b"photo.png", status=1)
    assert "standard input" in messages()[0][1]


def test_written_keypoints_are_read_as_boxes(folder, messages):
    (first,) = lines(call("photo.png", "--box", 20, 10, 150, 170))
    (folder / "found.jsonl").write_text(json.dumps(first) + "\n")
    again = call("photo.png", "fílm 1.mp4", "--boxes", "found.jsonl")
    photo, *frames = lines(again)
    assert photo["people"][0]["joints"] == first["people"][0]["joints"]
    assert len(frames) == 7 and not any(frame["people"] for frame in frames)
    (folder / "found.json").write_text(json.dumps({"other.png": [[1, 2, 3, 4]]}))
    messages()
    call("photo.png", "--boxes", "found.json")
    assert messages() == [
        ("WARNING", "1 image is without boxes in found.json, first photo.png"),
        (
            "WARNING",
            "1 image is in found.json, but not among the inputs, first other.png",
        ),
    ]


def test_a_detector_gives_boxes(folder, monkeypatch):
    def detect(pixels):
        assert pixels.shape == (192, 192, 3)
        return [[20, 10, 150, 170, 0.9], [0, 0, 50, 60, 0.2]]

    module = SimpleNamespace(detect=detect)
    monkeypatch.setitem(sys.modules, "their_people", module)
    (found,) = lines(call("photo.png", "--detector", "their_people:detect"))
    assert [person["score"] for person in found["people"]] == [0.9, 0.2]
    options = ["--detector", "their_people:detect", "--min-score", 0.5]
    (found,) = lines(call("photo.png", *options))
    assert [person["box"] for person in found["people"]] == [[20, 10, 150, 170]]


def test_limits_that_are_given_count_for_given_boxes(folder, monkeypatch):
    boxes = "photo.png", "--box", 1, 2, 30, 40, "--box", 5, 2, 30, 40
    assert [len(each["people"]) for each in lines(call(*boxes))] == [2]
    limited = call(*boxes, "--max-people", 1)
    assert [each["box"] for each in lines(limited)[0]["people"]] == [[1, 2, 30, 40]]
    assert lines(call(*boxes, "--min-pose-score", 99))[0]["people"] == []


def test_joints_below_a_score_are_not_drawn_and_marked_in_the_data(folder):
    outputs = "--output", "a.jsonl", "--output", "a.csv", "--output", "a.png"
    image = cv2.imread("photo.png")
    for limit, uncertain in (("0.01", 0), ("99", 16)):
        call("photo.png", "--min-joint-score", limit, *outputs)
        (person,) = json.loads((folder / "a.jsonl").read_text())["people"]
        assert len(person["uncertain"]) == uncertain and len(person["joints"]) == 16
        (row,) = csv.DictReader((folder / "a.csv").open())
        assert row["uncertain"] == ", ".join(person["uncertain"])
        assert (cv2.imread("a.png") == image).all() == bool(uncertain)


def test_an_image_without_people_has_an_empty_list_and_the_status_is_zero(
    folder, monkeypatch
):
    module = SimpleNamespace(detect=lambda pixels: [])
    monkeypatch.setitem(sys.modules, "their_people", module)
    outputs = ["--output", "x.csv", "--output", "x.json", "--output", "drawn.png"]
    options = ["--detector", "their_people:detect"]
    (found,) = lines(call("photo.png", *options))
    assert found["people"] == []
    call("photo.png", *options, *outputs)
    assert len((folder / "x.csv").read_text().splitlines()) == 1
    content = json.loads((folder / "x.json").read_text())
    assert not content["annotations"] and len(content["images"]) == 1
    np.testing.assert_array_equal(cv2.imread("drawn.png"), cv2.imread("photo.png"))


def test_a_failing_detector_is_named_and_the_status_is_one(folder, monkeypatch):
    module = SimpleNamespace(detect=lambda pixels: 1 / 0)
    monkeypatch.setitem(sys.modules, "their_people", module)
    options = ["--detector", "their_people:detect"]
    result = call("photo.png", *options, status=1)
    assert "photo.png: detector 'their_people:detect' failed: Zero" in result.stderr
    assert not result.stdout


def test_ids_of_images_are_those_of_a_coco_file(folder):
    cv2.imwrite("other.png", draw_image(0, 1)[0])
    images = [{"id": 70, "file_name": "photo.png"}, {"id": 8, "file_name": "x.png"}]
    (folder / "coco.json").write_text(json.dumps({"images": images}))
    listed = ["--images-json", "coco.json"]
    call("photo.png", "--output", "found.json", *listed)
    found = json.loads((folder / "found.json").read_text())
    assert [entry["image_id"] for entry in found["annotations"]] == [70]
    (entry,) = json.loads(call("photo.png", "--format", "coco17", *listed).stdout)
    assert entry["image_id"] == 70 and len(entry["keypoints"]) == 51
    stderr = call("photo.png", "other.png", "--format", "coco", *listed, status=1)
    assert "1 of 2 are not in it, first other.png" in stderr.stderr
    stderr = call("photo.png", "--output", "found.csv", *listed, status=1)
    assert "goes with output in COCO's formats alone" in stderr.stderr


def test_several_images_on_one_sheet_and_a_video_into_one(folder):
    cv2.imwrite("other.png", draw_image(0, 1)[0][:90])
    call("photo.png", "other.png", "--output", "sheet.png", "--output", "x.json")
    assert cv2.imread("sheet.png").shape == (256, 512, 3)
    found = json.loads((folder / "x.json").read_text())
    assert len(found["annotations"]) == len(found["images"]) == 2
    call("fílm 1.mp4", "--smooth", "--output", "new/drawn.webm")
    video = Video("new/drawn.webm")
    assert video.fps == 10 and len([*video]) == 7


def test_keypoints_are_kept_where_a_sheet_cannot_be_saved(folder, monkeypatch):
    def fail(path, sheet):
        raise ValueError("too large")

    monkeypatch.setattr(runner, "save_image", fail)
    cv2.imwrite("other.png", draw_image(0, 1)[0])
    with pytest.raises(ValueError, match="too large"):
        predict_sources(["photo.png", "other.png"], outputs=["x.csv", "sheet.png"])
    assert (folder / "x.csv").is_file()


@pytest.mark.parametrize(
    "arguments, status, says",
    [
        (["0", "photo.png"], 1, "must have nothing beside a camera"),
        (["photo.png", "--box", 1, 2, 3, 4, "--detector", "people"], 2, "Give one of"),
        (["photo.png", "--detector", "peple"], 1, "Did you mean 'people'"),
        (["photo.png", "--category", "dog"], 1, "goes with a file of `--boxes`"),
        (["photo.png", "--boxes", "none.csv"], 1, "`--boxes` must be a file"),
        (["photo.png", "--output", "x.txt"], 1, "`--output` must have a known suffix"),
        (["photo.png", "--output", "photo.png"], 1, "must not be an input"),
        (["photo.png", "--box", 999, 0, 5, 5], 1, "`boxes` must not lie wholly"),
        (["photo.png", "--box", 0, 0, 0, 5], 1, "`--box` must be rows of"),
        (["photo.png", *2 * ["--output", "a.csv"]], 1, "`--output` must not be given"),
        (["fílm 1.mp4", "--format", "coco"], 1, "not of videos"),
    ],
)
def test_an_error_is_one_line(folder, messages, arguments, status, says):
    stderr = call(*arguments, status=status).stderr
    lines = [text for _, text in messages()] or stderr.splitlines()
    assert says in "\n".join(lines)
    assert status == 2 or len(lines) == 1


def test_options_that_change_nothing_are_named(folder, messages):
    options = "--min-score", 0.5, "--smooth", "--output", "a.csv"
    call("photo.png", "--detector", "none", *options)
    assert messages() == [
        ("WARNING", "`min_score` changes nothing without `boxes` or `detector`"),
        ("WARNING", "`smooth` applies to videos only"),
    ]
    call("photo.png", "fílm 1.mp4", "--box", 1, 2, 30, 40, *options)
    assert "WARNING" not in [level for level, _ in messages()]


def test_a_folder_of_drawings_is_made_with_the_first(folder):
    call("missing.png", "absent.png", status=1)
    assert not (folder / "joints").exists()


def test_a_lowest_score_is_a_number(folder):
    stderr = call(
        "photo.png", "--box", 1, 2, 3, 4, "--min-score", "nan", status=1
    ).stderr
    assert "`--min-score` must be a number. Received: --min-score=nan" in stderr


def test_ctrl_c_in_a_video_leaves_complete_files_only(folder, monkeypatch):
    def interrupted(*args):
        for count, result in enumerate(estimate_frames(*args), 1):
            if count == 4:
                raise KeyboardInterrupt
            yield result

    monkeypatch.setattr(runner, "estimate_frames", interrupted)
    (folder / "old.csv").write_text("old")
    outs = ["--output", "drawn/", "--output", "old.csv"]
    result = call("photo.png", "fílm 1.mp4", *outs, status=130)
    assert "Stopped after 1 of 2, at frame 2 of fílm 1.mp4" in result.stderr
    assert names(folder / "drawn") == ["photo.joints.png"]
    assert (folder / "old.csv").read_text() == "old"
    assert names(folder) == ["drawn", "fílm 1.mp4", "old.csv", "photo.png"]


def test_ctrl_c_stops_a_camera_and_its_video_is_kept(folder, monkeypatch):
    class Camera(Video):
        def __init__(self, source):
            self.fps, self.count, self.name = 10.0, None, "camera 0"

        def __iter__(self):
            for index in range(1000):
                if index == 6:
                    os.kill(os.getpid(), signal.SIGINT)
                yield Frame(draw_image(0, 0)[0], index / 10, index)

    monkeypatch.setattr("keras_hourglass.inference.sources.frames.Video", Camera)
    before = signal.getsignal(signal.SIGINT)
    found = lines(call("0", "--output", "camera.mp4"))
    assert 6 <= len(found) < 12
    lasted = found[-1]["seconds"]
    assert [*Video("camera.mp4")][-1].time == pytest.approx(lasted, abs=0.01)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_terminal_shows_the_progress(folder):
    shown = []

    class Recorded(PredictProgress):
        def update(self, result, summary):
            super().update(result, summary)
            self._bar.refresh()
            shown.append(console.file.getvalue())

    console = Console(file=io.StringIO(), force_terminal=True, width=100)
    with Recorded(console=console) as progress:
        assert "Loading the network" in console.file.getvalue()
        predict_sources(
            ["photo.png", "fílm 1.mp4"], outputs=["x.csv"], on_frame=progress.update
        )
    assert "photo.png" in shown[0] and "1/2" in shown[0]
    assert "fílm 1.mp4" in shown[-1] and "7/7" in shown[-1]
    assert "per second" in shown[-1]


@pytest.mark.parametrize("kwargs", [{"visible": False}, {"force_terminal": False}])
def test_progress_is_hidden_where_results_are_printed_and_in_files(folder, kwargs):
    terminal = kwargs.pop("force_terminal", True)
    console = Console(file=io.StringIO(), force_terminal=terminal, width=100)
    with PredictProgress(console=console, **kwargs) as progress:
        predict_sources(["photo.png"], outputs=["x.csv"], on_frame=progress.update)
    assert not console.file.getvalue()


def test_python_does_what_the_command_does(folder):
    call("photo.png", "--box", 20, 10, 150, 170, "--output", "command.csv")
    summary = predict_sources(
        ["photo.png"], outputs=["python.csv"], boxes=[20, 10, 150, 170]
    )
    assert (summary.done, summary.total, summary.failures) == (1, 1, [])
    texts = [(folder / f"{name}.csv").read_text() for name in ("command", "python")]
    assert texts[0] == texts[1]


def test_the_help_imports_no_keras():
    code = "import sys; from keras_hourglass_cli import predict; "
    code += "assert not {'keras', 'tensorflow', 'jax', 'torch'} & {*sys.modules}"
    subprocess.run([sys.executable, "-c", code], check=True)
