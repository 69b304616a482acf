import io
import os
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from keras_hourglass.inference.frames import read_frames
from keras_hourglass.inference.sources import InputSource, find_sources
from keras_hourglass.inference.video import Video, VideoWriter


@pytest.fixture
def told():
    """What was said and what failed, and the functions that are to be told so."""
    said, failed = [], []
    return SimpleNamespace(
        said=said, failed=failed, to=(said.append, failed.append), fail=failed.append
    )


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with pictures, a video and what people leave in folders."""
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
    with VideoWriter(tmp_path / "photos/film.mp4", 10) as write:
        for number in range(4):
            write(np.full((32, 48, 3), 60 * number, "uint8"))
    return tmp_path


def names(found):
    return [(source.name, source.kind) for source in found]


def test_a_folder_is_its_pictures_and_videos_in_order(folder, told):
    found = find_sources(["photos"], *told.to)
    assert names(found) == [
        ("photos/b.png", "picture"),
        ("photos/c.webp", "picture"),
        ("photos/film.mp4", "video"),
        ("photos/Ä ä.PNG", "picture"),
    ]
    assert told.said == [
        "photos: 1 drawings (*.joints.*) are left alone",
        "photos: 2 other files and folders are left alone",
    ]


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
def test_patterns_and_files(folder, told, named, expected):
    assert [source.name for source in find_sources([named], *told.to)] == expected
    assert not told.failed


def test_a_number_is_a_camera_unless_a_file_is_called_so(folder, told):
    assert names(find_sources(["0"], *told.to)) == [("0", "camera")]
    (folder / "0").write_bytes(b"")
    assert names(find_sources(["0"], *told.to)) == [("0", "picture")]


def test_what_is_named_twice_is_looked_at_once(folder, told):
    found = find_sources(["photos/b.png", "photos/*.png", "photos/b.png"], *told.to)
    assert len(found) == 1
    assert told.said[-1] == "2 were named twice: looked at once"


def test_a_name_with_signs_of_a_pattern_is_a_file_where_there_is_one(folder, told):
    (folder / "a[1].png").write_bytes(b"")
    assert names(find_sources(["a[1].png"], *told.to)) == [("a[1].png", "picture")]


def test_what_is_nothing_is_named(folder, told):
    (folder / "empty").mkdir()
    (folder / "texts").mkdir()
    (folder / "texts/a.txt").write_text("hello")
    assert not find_sources(["empty", "texts", "*.jpg"], *told.to)
    assert told.failed == [
        "empty holds no picture and no video",
        "texts holds no picture and no video, but 1 other files and folders",
        "*.jpg fits no file",
    ]


def test_shots_are_pictures_and_frames_in_turn(folder, told):
    seen = [*read_frames(find_sources(["photos"], *told.to), told.fail)]
    assert [(shot.source.stem, shot.frame, shot.seconds) for shot in seen] == [
        *[("b", None, 0), ("c", None, 0)],
        *[("film", 0, 0), ("film", 1, 0.1), ("film", 2, 0.2), ("film", 3, 0.3)],
        ("Ä ä", None, 0),
    ]
    assert [shot.pixels.shape for shot in seen[1:3]] == [(20, 32, 3), (32, 48, 3)]
    assert {(shot.fps, shot.count) for shot in seen} == {(None, None), (10.0, 4)}
    assert not told.failed


def test_what_cannot_be_read_is_named_and_the_rest_is_seen(folder, told):
    (folder / "text.jpg").write_text("no picture")
    (folder / "text.mp4").write_text("no video")
    named = ["text.jpg", "none.png", "text.mp4", "none.mp4", "photos/b.png", "photos"]
    seen = [*read_frames([*find_sources(named[:-1], *told.to)], told.fail)]
    assert [shot.source.stem for shot in seen] == ["b"]
    for failed, name in zip(told.failed, named, strict=False):
        assert failed.startswith(name) or name in failed
    assert len(told.failed) == 4


def test_a_dash_is_one_picture_on_the_standard_input(folder, told, monkeypatch):
    data = (folder / "photos/b.png").read_bytes()
    for given, count in ((data, 1), (b"photos/b.png\n", 0), (b"", 0)):
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(given)))
        seen = [*read_frames([InputSource("-", "picture")], told.fail)]
        assert len(seen) == count
    assert all("the standard input cannot be read" in text for text in told.failed)
    assert len(told.failed) == 2 and InputSource("-", "picture").stem == "stdin"


def test_a_camera_is_looked_at_until_it_is_enough(told, monkeypatch):
    class Endless(Video):
        def __init__(self, source):
            assert source == 3
            self.fps, self.count = 30.0, None

        def __iter__(self):
            while True:
                yield np.zeros((4, 4, 3), "uint8")

    monkeypatch.setattr("keras_hourglass.inference.frames.Video", Endless)
    count = iter([False, False, True])
    seen = [*read_frames([InputSource("3", "camera")], told.fail, lambda: next(count))]
    assert [shot.frame for shot in seen] == [0, 1, 2]
    assert [shot.fps for shot in seen] == [30.0] * 3
    times = [shot.seconds for shot in seen]
    assert times[0] == 0 and times == sorted({*times})
    assert seen[0].source.stem == "camera-3"


def test_where_there_is_no_camera_it_is_said(told):
    assert not [*read_frames([InputSource("97", "camera")], told.fail)]
    assert told.failed[0].startswith("camera 97 cannot be opened")
