"""Input sources, and the frames that are read from them."""

import io
import itertools
import os
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from keras_hourglass.inference.sources import Failures, InputSource, find_sources
from keras_hourglass.inference.sources.frames import read_frames
from keras_hourglass.inference.video import Frame, Video, VideoWriter


@pytest.fixture
def failures():
    return Failures()


@pytest.fixture
def notes(caplog):
    """The messages that are not errors, so far."""
    caplog.set_level("INFO", logger="keras_hourglass")

    def messages():
        return [each.message for each in caplog.records if each.levelname == "INFO"]

    return messages


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with images, a video and other files."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos/summer 2024").mkdir(parents=True)
    for number, name in enumerate(["photos/b.png", "photos/Ä ä.PNG", "photos/c.webp"]):
        image = np.full((20, 30 + number, 3), 40 * number, "uint8")
        (tmp_path / name).write_bytes(
            cv2.imencode(os.path.splitext(name)[1].lower(), image)[1].tobytes()
        )
    (tmp_path / "photos/b.joints.png").write_bytes(b"drawn before")
    (tmp_path / "photos/.hidden.png").write_bytes(b"")
    (tmp_path / "photos/notes.txt").write_text("hello")
    (tmp_path / "photos/summer 2024/d.png").write_bytes(
        (tmp_path / "photos/b.png").read_bytes()
    )
    with VideoWriter(tmp_path / "photos/film.mp4", 10) as video:
        for number in range(4):
            video.write(np.full((32, 48, 3), 60 * number, "uint8"))
    return tmp_path


def names(found):
    return [(source.name, source.kind) for source in found]


def test_a_folder_gives_its_images_and_videos_in_order(folder, failures, notes):
    found = find_sources(["photos"], failures)
    assert names(found) == [
        ("photos/b.png", "image"),
        ("photos/c.webp", "image"),
        ("photos/film.mp4", "video"),
        ("photos/summer 2024/d.png", "image"),
        ("photos/Ä ä.PNG", "image"),
    ]
    assert notes() == [
        "photos: 1 drawing (*.joints.*) ignored",
        "photos: 1 other file ignored",
        "photos: 1 of 5 images and videos are in its subfolders",
    ]


def test_linked_folders_are_not_read_and_counted(folder, failures, notes):
    (folder / "photos/again").symlink_to(folder / "photos", target_is_directory=True)
    assert len(find_sources(["photos"], failures)) == 5
    assert "photos: 1 linked folder is not read" in notes()


def test_subfolders_are_read_and_hidden_ones_are_not(folder, failures, notes):
    os.rename(folder / "photos/summer 2024", folder / "photos/.cache")
    (folder / "deep/er").mkdir(parents=True)
    os.rename(folder / "photos", folder / "deep/er/photos")
    found = find_sources(["deep"], failures)
    assert [Path(name).name for name, _ in names(found)] == [
        *("b.png", "c.webp", "film.mp4", "Ä ä.PNG")
    ]
    assert "deep: 4 of 4 images and videos are in its subfolders" in notes()


@pytest.mark.parametrize(
    "named, expected",
    [
        ("photos/*.png", ["photos/b.png"]),
        ("**/*.png", ["photos/b.png", "photos/summer 2024/d.png"]),
        ("photos/summer 2024/d.png", ["photos/summer 2024/d.png"]),
        ("photos/b.joints.png", ["photos/b.joints.png"]),
        ("none.jpg", ["none.jpg"]),
        ("-", ["-"]),
    ],
)
def test_patterns_and_files_give_their_paths(folder, failures, named, expected):
    assert [source.name for source in find_sources([named], failures)] == expected
    assert not failures.messages


def test_a_number_is_a_camera_unless_a_file_has_that_name(folder, failures):
    assert names(find_sources(["0"], failures)) == [("0", "camera")]
    (folder / "0").write_bytes(b"")
    assert names(find_sources(["0"], failures)) == [("0", "image")]


@pytest.mark.parametrize(
    "name, kind, stem",
    [
        ("http://host/films/a%20b.mp4?key=1", "video", "a%20b"),
        ("HTTPS://host:8080/stream", "video", "stream"),
        ("rtsp://user:word@host:554/h264", "camera", "h264"),
        ("rtsp://host", "camera", "host"),
        ("/dev/video2", "camera", "camera-2"),
    ],
)
def test_addresses_and_devices_are_videos_and_cameras(name, kind, stem, failures):
    (source,) = find_sources([name], failures)
    assert (source.kind, source.stem) == (kind, stem)
    assert source.name == ("2" if name.startswith("/dev") else name)
    assert not failures.messages


def test_an_address_without_an_answer_is_a_failure(failures):
    assert not [*read_frames(find_sources(["http://127.0.0.1:9/a.mp4"]), failures)]
    assert failures.messages == [
        "http://127.0.0.1:9/a.mp4 cannot be opened: no answer, or not a video"
    ]


def test_repeated_inputs_are_used_once(folder, failures, notes):
    found = find_sources(["photos/b.png", "photos/*.png", "photos/b.png"], failures)
    assert len(found) == 1
    assert notes()[-1] == "2 inputs are repeated and used once"
    find_sources(["photos/b.png", "photos/b.png"], failures)
    assert notes()[-1] == "1 input is repeated and used once"


def test_a_name_with_the_characters_of_a_pattern_is_a_file_if_there_is_one(
    folder, failures
):
    (folder / "a[1].png").write_bytes(b"")
    assert names(find_sources(["a[1].png"], failures)) == [("a[1].png", "image")]


def test_inputs_that_match_nothing_are_failures(folder, failures):
    (folder / "empty").mkdir()
    (folder / "texts").mkdir()
    (folder / "texts/a.txt").write_text("hello")
    assert not find_sources(["empty", "texts", "*.jpg", ""], failures)
    assert failures.messages == [
        "empty has no image and no video",
        "texts has no image and no video, 1 other file",
        "*.jpg matches no file",
        "`inputs` must not be empty. Received: inputs=''",
    ]


def test_one_input_needs_no_list(folder):
    (folder / "one.png").touch()
    for one in ("one.png", Path("one.png")):
        assert find_sources(one) == [InputSource("one.png", "image")]
    assert find_sources(0) == [InputSource("0", "camera")]


def test_without_failures_an_input_that_matches_nothing_raises_an_error(folder):
    with pytest.raises(ValueError, match="jpg matches no file"):
        find_sources(["photos", "*.jpg"])


def test_frames_are_those_of_images_and_videos_in_turn(folder, failures):
    frames = [*read_frames(find_sources(["photos"], failures), failures)]
    assert [(frame.source.stem, frame.index, frame.seconds) for frame in frames] == [
        *[("b", None, 0), ("c", None, 0)],
        *[("film", 0, 0), ("film", 1, 0.1), ("film", 2, 0.2), ("film", 3, 0.3)],
        *[("d", None, 0), ("Ä ä", None, 0)],
    ]
    assert [frame.pixels.shape for frame in frames[1:3]] == [(20, 32, 3), (32, 48, 3)]
    assert {(frame.fps, frame.total) for frame in frames} == {(None, None), (10.0, 4)}
    assert not failures.messages


def test_files_that_cannot_be_read_are_failures_and_the_rest_is_read(folder, failures):
    (folder / "text.jpg").write_text("not an image")
    (folder / "text.mp4").write_text("not a video")
    named = ["text.jpg", "none.png", "text.mp4", "none.mp4", "photos/b.png", "photos"]
    frames = [*read_frames([*find_sources(named[:-1], failures)], failures)]
    assert [frame.source.stem for frame in frames] == ["b"]
    for failed, name in zip(failures.messages, named, strict=False):
        assert failed.startswith(name) or name in failed
    assert len(failures.messages) == 4


def test_a_dash_is_an_image_on_the_standard_input(folder, failures, monkeypatch):
    data = (folder / "photos/b.png").read_bytes()
    for given, count in ((data, 1), (b"photos/b.png\n", 0), (b"", 0)):
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(given)))
        frames = [*read_frames([InputSource("-", "image")], failures)]
        assert len(frames) == count
    assert all(
        "the standard input cannot be read" in text for text in failures.messages
    )
    assert len(failures.messages) == 2 and InputSource("-", "image").stem == "stdin"


def test_a_camera_is_read_until_it_is_stopped(failures, monkeypatch):
    class Endless(Video):
        def __init__(self, source):
            assert source == 3
            self.fps, self.count = 30.0, None

        def __iter__(self):
            for index in itertools.count():
                yield Frame(np.zeros((4, 4, 3), "uint8"), index / 30, index)

    monkeypatch.setattr("keras_hourglass.inference.sources.frames.Video", Endless)
    stops = iter([False, False, True])
    frames = [*read_frames([InputSource("3", "camera")], failures, lambda: next(stops))]
    assert [frame.index for frame in frames] == [0, 1, 2]
    assert [frame.fps for frame in frames] == [30.0] * 3
    assert [frame.seconds for frame in frames] == [0, 1 / 30, 2 / 30]
    assert frames[0].source.stem == "camera-3"


def test_a_missing_camera_is_a_failure(failures):
    assert not [*read_frames([InputSource("97", "camera")], failures)]
    assert failures.messages[0].startswith("camera 97 cannot be opened")
