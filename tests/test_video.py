"""Reading and writing of videos."""

import os

import cv2
import numpy as np
import pytest

from keras_hourglass.inference.video import CODECS, Video, VideoDecodeError, VideoWriter


def frames(count, size=(64, 48)):
    """A bright bar that moves to the right, 2 pixels a frame, on blue."""
    for number in range(count):
        frame = np.zeros((size[1], size[0], 3), "uint8")
        frame[..., 2] = 200
        frame[:, 2 * number : 2 * number + 8] = 255
        yield frame


def film(path, count=10, size=(64, 48), fps=20.0):
    with VideoWriter(path, fps) as writer:
        for frame in frames(count, size):
            writer.write(frame)
    return path


@pytest.mark.parametrize("ending", CODECS)
def test_a_written_video_is_read_again(ending, tmp_path):
    path = film(tmp_path / f"bär und bar{ending}")
    read = Video(path)
    assert (read.count, read.fps, read.name) == (10, 20.0, str(path))
    for decoded, original in zip(read, frames(10), strict=True):
        assert decoded.shape == (48, 64, 3) and decoded.dtype == np.uint8
        assert np.abs(decoded.astype(float) - original).mean() < 12
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("ending", CODECS)
def test_odd_sides_get_one_more_row_and_lose_none(ending, tmp_path):
    first, *_ = Video(film(tmp_path / f"odd{ending}", size=(63, 47)))
    assert first.shape == (48, 64, 3)


def test_an_interruption_leaves_the_old_file_or_none(tmp_path):
    old = film(tmp_path / "old.mp4", count=3)
    for path in (old, tmp_path / "new.mp4"):
        with pytest.raises(KeyboardInterrupt), VideoWriter(path, 20) as writer:
            writer.write(next(frames(1)))
            raise KeyboardInterrupt
    assert [file.name for file in tmp_path.iterdir()] == ["old.mp4"]
    assert len([*Video(old)]) == 3


def test_a_video_needs_frames_of_one_size_and_a_known_suffix(tmp_path):
    with pytest.raises(ValueError, match="there is no frame"):
        film(tmp_path / "none.mp4", count=0)
    with pytest.raises(ValueError, match="must have one size"):
        with VideoWriter(tmp_path / "two.mp4", 20) as writer:
            writer.write(np.zeros((48, 64, 3), "uint8"))
            writer.write(np.zeros((64, 48, 3), "uint8"))
    with pytest.raises(ValueError, match="Did you mean '.mp4'"):
        film(tmp_path / "x.mp3")
    with pytest.raises(OSError, match="not a video of"):
        film(tmp_path / "nowhere" / "x.mp4")
    assert not [*tmp_path.iterdir()]


def test_a_video_that_was_not_completely_written_is_discarded(tmp_path, monkeypatch):
    """As on a full disk, which OpenCV does not report."""
    monkeypatch.setattr(VideoWriter, "_release", lambda self: None)
    with pytest.raises(OSError, match="disk full"):
        film(tmp_path / "x.mp4")


def test_a_file_that_is_not_a_video_raises_an_error(tmp_path):
    (tmp_path / "text.mp4").write_text("not a video")
    with pytest.raises(VideoDecodeError, match="text.mp4 cannot be opened"):
        Video(tmp_path / "text.mp4")
    with pytest.raises(FileNotFoundError, match="none.mp4"):
        Video(tmp_path / "none.mp4")
    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(VideoDecodeError, match="pipe.mp4 cannot be opened: not a file"):
        Video(tmp_path / "pipe.mp4")
    with pytest.raises(VideoDecodeError, match="camera 97 cannot be opened"):
        Video(97)


def test_a_video_that_breaks_off_says_so_after_its_frames(tmp_path):
    whole = film(tmp_path / "whole.avi", count=20).read_bytes()
    (tmp_path / "half.avi").write_bytes(whole[: len(whole) // 2])
    read = []
    with pytest.raises(VideoDecodeError, match=r"half.avi ends after \d+ of 20 frames"):
        for frame in Video(tmp_path / "half.avi"):
            read.append(frame)
    assert 0 < len(read) < 20


def test_a_path_is_never_taken_for_a_network_address(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    asked = []
    monkeypatch.setattr(cv2, "VideoCapture", lambda *args: asked.append(args[0]))
    (tmp_path / "tcp:").mkdir()
    (tmp_path / "tcp:" / "host.mp4").write_bytes(b"")
    with pytest.raises(AttributeError):  # of the None that stands for a capture
        Video("tcp:/host.mp4")
    assert asked == [str(tmp_path / "tcp:" / "host.mp4")]
