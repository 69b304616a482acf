"""`hourglass-keras predict` as a user meets it."""

import json
import os
import signal

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from keras_hourglass import PoseEstimator, StackedHourglass
from keras_hourglass.callbacks.progress import LiveLine
from keras_hourglass.data.datasets.synthetic.drawing import draw
from keras_hourglass.inference import detectors, runner
from keras_hourglass.inference.runner import estimate_frames
from keras_hourglass.inference.video import Video, VideoWriter
from keras_hourglass_cli import main as cli


def call(*arguments, status=0, **kwargs):
    arguments = ["predict", *map(str, arguments)]
    result = CliRunner().invoke(cli.main, arguments, **kwargs)
    assert result.exit_code == status, (result.output, result.exception)
    return result


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    path = tmp_path_factory.mktemp("network") / "model.keras"
    size = {"filters": 4, "stem_filters": 2, "depth": 1, "image_size": 32}
    model = StackedHourglass(stacks=1, **size)
    bias = model.weights[-1]
    assert bias.shape == (16,)  # of the heatmaps: so that it is sure of all it finds
    bias.assign(np.full(16, 0.5))
    model.save(path)
    return path


@pytest.fixture(scope="module")
def estimator(network):
    return PoseEstimator(network, batch_size=4)


@pytest.fixture
def folder(tmp_path, monkeypatch, estimator):
    """A working folder with a photograph and a film; the network is loaded once."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(runner, "PoseEstimator", lambda *args, **kwargs: estimator)
    cv2.imwrite("photo.png", draw(0, 0)[0])
    with VideoWriter("fílm 1.mp4", 10) as write:
        for frame in range(7):
            write(np.roll(draw(0, 0)[0], 3 * frame, axis=1))
    return tmp_path


def lines(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_joints_are_printed_and_drawn_beside(network, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cv2.imwrite("a photo.png", draw(0, 0)[0])
    (found,) = lines(call("a photo.png", "--model", network))
    assert found["picture"] == "a photo.png" and found["drawn"] == "a photo.joints.png"
    (person,) = found["people"]
    assert len(person["joints"]) == len(person["scores"]) == 16
    drawn = cv2.imread("a photo.joints.png")
    assert drawn.shape == (192, 192, 3) and (drawn != cv2.imread("a photo.png")).any()
    assert names(tmp_path) == ["a photo.joints.png", "a photo.png"]


def test_boxes_are_people(folder):
    boxes = ["--box", 20, 10, 150, 170, "--box", 0, 0, 90, 90]
    (found,) = lines(call("photo.png", *boxes, "--output", "drawn.png"))
    assert [person["box"] for person in found["people"]] == [
        [20, 10, 150, 170],
        [0, 0, 90, 90],
    ]
    assert cv2.imread("drawn.png").shape == (192, 192, 3)


def test_a_folder_is_drawn_into_another_and_a_second_run_is_the_same(folder):
    for _ in range(2):
        result = call(".", "--output", "found.csv")
        assert "fílm 1.mp4: 7 frames in " in result.stderr
        assert "frames per second" in result.stderr and not result.stdout
        table = (folder / "found.csv").read_text().splitlines()
        assert len(table) == 1 + 7 + 1 and table[0].startswith("image,frame,x,y,")
        call(".")
        assert names(folder / "joints") == ["fílm 1.joints.mp4", "photo.joints.png"]
    assert len([*Video("joints/fílm 1.joints.mp4")]) == 7


def test_drawings_are_not_looked_at_again(folder):
    call("photo.png")
    result = call(".", "--output", "found.jsonl")
    assert "1 drawings (*.joints.*) are left alone" in result.stderr
    assert len((folder / "found.jsonl").read_text().splitlines()) == 8


def test_what_is_broken_is_named_and_skipped_and_the_status_is_one(folder):
    (folder / "text.jpg").write_text("no picture")
    result = call("text.jpg", "photo.png", "none.png", "*.bmp", status=1)
    assert [found["picture"] for found in lines(result)] == ["photo.png"]
    errors = result.stderr.splitlines()
    assert [line.startswith("Error: ") for line in errors] == [True] * 3
    for name, line in zip(("*.bmp", "text.jpg", "none.png"), errors):
        assert name in line
    (folder / "empty").mkdir()
    (line,) = call("empty", status=1).stderr.splitlines()
    assert line == "Error: empty holds no picture and no video"


def test_a_picture_on_the_standard_input(folder):
    (found,) = lines(call("-", input=(folder / "photo.png").read_bytes()))
    assert found["picture"] == "-" and found["drawn"] == "stdin.joints.png"
    assert "standard input" in call("-", input=b"photo.png", status=1).stderr


def test_what_was_found_is_where_to_look_again(folder):
    (first,) = lines(call("photo.png", "--box", 20, 10, 150, 170))
    (folder / "found.jsonl").write_text(json.dumps(first) + "\n")
    again = call("photo.png", "fílm 1.mp4", "--boxes", "found.jsonl")
    photo, *frames = lines(again)
    assert photo["people"][0]["joints"] == first["people"][0]["joints"]
    assert len(frames) == 7 and not any(frame["people"] for frame in frames)
    (folder / "found.json").write_text(json.dumps({"other.png": [[1, 2, 3, 4]]}))
    assert call("photo.png", "--boxes", "found.json").stderr.splitlines() == [
        "1 pictures have no boxes in found.json, photo.png first",
        "1 pictures have boxes in found.json, but were not named, other.png first",
    ]


def test_a_detector_finds_people(folder, monkeypatch):
    def detect(pixels):
        assert pixels.shape == (192, 192, 3)
        return [[20, 10, 150, 170, 0.9], [0, 0, 50, 60, 0.2]]

    monkeypatch.setattr(
        detectors, "get_detector", lambda name: lambda pixels: np.array(detect(pixels))
    )
    (found,) = lines(call("photo.png", "--detector", "mine"))
    assert [person["score"] for person in found["people"]] == [0.9, 0.2]
    options = ["--detector", "mine", "--min-score", 0.5]
    (found,) = lines(call("photo.png", *options))
    assert [person["box"] for person in found["people"]] == [[20, 10, 150, 170]]


def test_several_pictures_on_one_sheet_and_a_video_into_one(folder):
    cv2.imwrite("other.png", draw(0, 1)[0][:90])
    call("photo.png", "other.png", "--output", "sheet.png", "--output", "x.json")
    assert cv2.imread("sheet.png").shape == (256, 512, 3)
    assert len(json.loads((folder / "x.json").read_text())) == 2
    call("fílm 1.mp4", "--smooth", "--output", "new/drawn.webm")
    video = Video("new/drawn.webm")
    assert video.fps == 10 and len([*video]) == 7


@pytest.mark.parametrize(
    "arguments, status, says",
    [
        (["0", "photo.png"], 2, "camera is looked at alone"),
        (["photo.png", "--box", 1, 2, 3, 4, "--detector", "hog"], 2, "Name one of"),
        (["photo.png", "--detector", "hgo"], 1, "Did you mean 'hog'"),
        (["photo.png", "--boxes", "none.csv"], 1, "`boxes` must be a file"),
        (["photo.png", "--output", "x.txt"], 1, "`output` must have a known ending"),
        (["photo.png", "--output", "photo.png"], 1, "must not be what is looked at"),
        (["photo.png", "--box", 999, 0, 5, 5], 1, "outside the picture"),
        (["fílm 1.mp4", "--format", "coco"], 1, "not of videos"),
    ],
)
def test_what_cannot_be_is_one_line(folder, arguments, status, says):
    stderr = call(*arguments, status=status).stderr
    assert says in stderr
    assert status == 2 or len(stderr.splitlines()) == 1


def test_ctrl_c_in_a_video_leaves_whole_files_only(folder, monkeypatch):
    seen = []

    def look(*args):
        for one in looking_before(*args):
            seen.append(one)
            if len(seen) == 4:
                raise KeyboardInterrupt
            yield one

    looking_before = estimate_frames
    monkeypatch.setattr(runner, "estimate_frames", look)
    (folder / "old.csv").write_text("old")
    outs = ["--output", "drawn/", "--output", "old.csv"]
    result = call("photo.png", "fílm 1.mp4", *outs, status=130)
    assert "Stopped after 1 of 2, at frame 2 of fílm 1.mp4" in result.stderr
    assert names(folder / "drawn") == ["photo.joints.png"]
    assert (folder / "old.csv").read_text() == "old"
    assert names(folder) == ["drawn", "fílm 1.mp4", "old.csv", "photo.png"]


def test_ctrl_c_is_how_a_camera_ends_and_what_it_saw_is_kept(folder, monkeypatch):
    class Camera(Video):
        def __init__(self, source):
            self.fps, self.count, self.name = 10.0, None, "camera 0"

        def __iter__(self):
            for frame in range(1000):
                if frame == 6:
                    os.kill(os.getpid(), signal.SIGINT)
                yield draw(0, 0)[0]

    monkeypatch.setattr("keras_hourglass.inference.frames.Video", Camera)
    before = signal.getsignal(signal.SIGINT)
    found = lines(call("0", "--output", "seen.mp4"))
    assert 6 <= len(found) < 12
    lasted = found[-1]["seconds"]
    assert len([*Video("seen.mp4")]) == pytest.approx(10 * lasted + 0.5, abs=0.6)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_terminal_shows_how_far_it_is(folder, monkeypatch):
    monkeypatch.setattr("keras_hourglass_cli.progress.MIN_REDRAW_SECONDS", 0)
    shown = []
    monkeypatch.setattr(LiveLine, "draw", lambda line, text: shown.append(text))
    call("photo.png", "fílm 1.mp4", "--output", "x.csv")
    assert shown[:2] == ["The network is being compiled", "1/2  photo.png"]
    assert shown[-1].startswith("2/2  fílm 1.mp4  frame 7/7  ")
    assert shown[-1].endswith(" per second  0:00 left")
