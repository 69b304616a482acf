"""Reading of videos: frames and their times."""

import http.server
import os
import threading
from fractions import Fraction
from functools import partial

import cv2
import numpy as np
import pytest

import keras_hourglass as kh
from keras_hourglass.inference.pose import FramePoses
from keras_hourglass.inference.video import Frame, Video, VideoDecodeError, VideoWriter
from keras_hourglass.inference.video.reader import FrameClock, read_times

VARIABLE = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5]
SLOW = [2.0 * frame for frame in range(12)]


def film(path, times, **options):
    """A video with frames at any times, by PyAV."""
    av = pytest.importorskip("av")
    with av.open(str(path), "w", options=options) as file:
        stream = file.add_stream("libx264", rate=25, options={"g": "1000"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.time_base = base = Fraction(1, 90_000)
        for number, time in enumerate(times):
            pixels = np.zeros((48, 64, 3), "uint8")
            pixels[:, number % 60 :][:, :8] = 255
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = round(time / base), base
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path


def times_of(path):
    return [frame.time for frame in Video(path)]


@pytest.mark.parametrize("name, times", [("vfr", VARIABLE), ("slow05", SLOW)])
def test_times_of_real_files_come_from_the_file(name, times, shared):
    path = shared / "cases" / f"{name}.mp4"
    if not path.exists():
        pytest.skip(f"needs {path}")
    frames = [*Video(path)]
    assert [frame.time for frame in frames] == pytest.approx(times, abs=1e-6)
    assert [frame.index for frame in frames] == [*range(12)]
    assert read_times(path) == pytest.approx(times, abs=1e-6)


CONSTANT = [frame / 25 for frame in range(50)]


@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".mov", ".ts", ".flv"])
@pytest.mark.parametrize(
    "times",
    [VARIABLE, SLOW, CONSTANT, [frame / 1000 for frame in range(100)]],
    ids=["variable", "0.5 fps", "25 fps", "1000 fps"],
)
@pytest.mark.parametrize("offset", [0, 7.25])
def test_times_are_those_since_the_first_frame(ending, times, offset, tmp_path):
    given = [time + offset for time in times]
    path = film(tmp_path / f"film{ending}", given)
    assert times_of(path) == pytest.approx(times, abs=2e-3)
    assert read_times(path)[:3] == pytest.approx(times[:3], abs=2e-3)


def test_frames_that_an_edit_list_hides_are_not_missing(tmp_path):
    """The header counts all 50, of which 25 lie before the start."""
    given = [time - 1 for time in CONSTANT]
    path = film(tmp_path / "film.mp4", given, avoid_negative_ts="disabled")
    assert Video(path).count == 50
    assert times_of(path) == pytest.approx(CONSTANT[:25])


def test_sound_that_is_longer_than_the_video_is_no_missing_frame(tmp_path):
    av = pytest.importorskip("av")
    film(tmp_path / "film.mkv", CONSTANT)
    with av.open(str(tmp_path / "long.mkv"), "w") as file:
        source = av.open(str(tmp_path / "film.mkv"))
        copied = file.add_stream_from_template(source.streams.video[0])
        sound = file.add_stream("aac", rate=48_000)
        sound.layout = "mono"
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = copied
                file.mux(packet)
        for start in range(0, 8 * 48_000, 1024):
            samples = np.zeros((1, 1024), "float32")
            frame = av.AudioFrame.from_ndarray(samples, "fltp", "mono")
            frame.sample_rate, frame.pts = 48_000, start
            file.mux(sound.encode(frame))
        file.mux(sound.encode(None))
    video = Video(tmp_path / "long.mkv")
    assert video.count > 150  # OpenCV's guess, from the length of the sound
    assert len([*video]) == 50


@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".avi"])
def test_a_truncated_video_says_so_after_its_frames(ending, tmp_path):
    whole = tmp_path / f"whole{ending}"
    if ending == ".avi":
        with VideoWriter(whole, 20) as writer:
            for value in range(50):
                writer.write(np.full((48, 64, 3), value, "uint8"))
    else:
        film(whole, CONSTANT, **({"movflags": "faststart"} if ending == ".mp4" else {}))
    assert len([*Video(whole)]) == 50
    data, half = whole.read_bytes(), tmp_path / f"half{ending}"
    # Cut off, and as downloads are that fill a file with zeros first.
    for rest in (b"", bytes(2**17)):
        half.write_bytes(data[: 2 * len(data) // 3] + rest)
        read = []
        with pytest.raises(
            VideoDecodeError,
            match=rf"half{ending} ends after \d+ of 50 frames: the file is truncated",
        ):
            for frame in Video(half):
                read.append(frame)
        assert 0 < len(read) < 50


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_frames_are_upright_as_the_file_says(degrees, tmp_path):
    """By the matrix of the track's header, as phones write it."""
    data = film(tmp_path / "film.mp4", CONSTANT[:3]).read_bytes()
    cos, sin = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}[degrees]
    matrix = np.array([cos, sin, 0, -sin, cos, 0, 0, 0, 2**14]) * 2**16
    start = data.index(b"tkhd") + 4 + 40
    turned = data[:start] + matrix.astype(">i4").tobytes() + data[start + 36 :]
    (tmp_path / "film.mp4").write_bytes(turned)
    first, *_ = Video(tmp_path / "film.mp4")
    stored = np.zeros((48, 64, 3))
    stored[:, :8] = 255
    expected = np.rot90(stored, -degrees // 90)
    assert first.shape == expected.shape
    assert np.abs(first.image - expected).mean() < 12


def clocked(stated, fps=10):
    clock = FrameClock(fps)
    return [clock(time) for time in stated]


@pytest.mark.parametrize(
    "stated, times",
    [
        ([5, 5.1, 5.4], [0, 0.1, 0.4]),
        ([0, 0, 0, 0], [0, 0.1, 0.2, 0.3]),  # of a stream without times
        ([0, 0.1, 0.1, 0.2], [0, 0.1, 0.101, 0.2]),  # the same time twice
        ([0, 0.2, 0.4, 0], [0, 0.2, 0.4, 0.6]),  # the last frame lacks its time
        ([60, 60.5, 61, 3, 3.5, 4], [0, 0.5, 1, 1.5, 2, 2.5]),  # begins anew
    ],
)
def test_each_frame_is_later_than_the_one_before(stated, times):
    assert clocked(stated) == pytest.approx(times)


def test_a_frame_is_an_array_with_its_time():
    pixels = np.arange(48 * 64 * 3, dtype="uint8").reshape(48, 64, 3)
    frame = Frame(pixels, 0.5, 12)
    assert isinstance(frame, np.ndarray) and frame.shape == (48, 64, 3)
    assert type(frame.image) is np.ndarray and np.shares_memory(frame, pixels)
    np.testing.assert_array_equal(frame.image, pixels)
    part = frame[:10, ::-1]
    assert (part.time, part.index, part.shape) == (0.5, 12, (10, 64, 3))
    assert cv2.cvtColor(frame, cv2.COLOR_RGB2BGR).shape == (48, 64, 3)
    assert kh.Frame is Frame and f"{frame.mean():.2f}" == f"{pixels.mean():.2f}"
    assert type(frame / 255) is type(frame.sum(0)) is np.ndarray


def test_a_stream_of_frames_gives_poses_with_times(tmp_path):
    path = tmp_path / "film.avi"
    with VideoWriter(path, 20) as writer:
        for value in range(5):
            writer.write(np.full((48, 64, 3), 50 * value, "uint8"))
    estimator = kh.PoseEstimator(
        kh.StackedHourglass(
            stacks=1, filters=8, stem_filters=4, depth=1, image_size=64
        ),
        detector=None,
    )
    found = [*estimator.stream(kh.Video(path))]
    assert [type(poses) for poses in found] == [FramePoses] * 5
    assert [poses.time for poses in found] == pytest.approx([0, 0.05, 0.1, 0.15, 0.2])
    assert [poses.index for poses in found] == [0, 1, 2, 3, 4]

    def nobody_in_the_dark(pixels):
        return [[0, 0, 64, 48]] * int(pixels.mean() > 60)

    some = [*estimator.stream(kh.Video(path), nobody_in_the_dark)]
    assert [len(poses) for poses in some] == [0, 0, 1, 1, 1]
    assert [poses.time for poses in some] == pytest.approx([0, 0.05, 0.1, 0.15, 0.2])
    assert len(found[0]) == 1 and found[0][0] in found[0]
    pandas = pytest.importorskip("pandas")
    table = kh.to_dataframe(some)
    assert isinstance(table, pandas.DataFrame)
    assert [*table["time"]] == pytest.approx([0.1, 0.15, 0.2])
    assert [*kh.to_dataframe(some[3])["time"]] == pytest.approx([0.15])
    assert type(estimator(np.zeros((48, 64, 3), "uint8"))) is list


def test_a_file_that_is_not_a_video_raises_an_error(tmp_path):
    (tmp_path / "text.mp4").write_text("not a video")
    with pytest.raises(VideoDecodeError, match="text.mp4 cannot be opened"):
        Video(tmp_path / "text.mp4")
    with pytest.raises(FileNotFoundError, match="none.mp4"):
        Video(tmp_path / "none.mp4")
    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(VideoDecodeError, match="pipe.mp4 cannot be opened: not a file"):
        Video(tmp_path / "pipe.mp4")
    for camera in (97, "/dev/video97"):
        with pytest.raises(VideoDecodeError, match="camera 97 cannot be opened: miss"):
            Video(camera)
    with pytest.raises(VideoDecodeError, match="camera -1 cannot be opened"):
        Video(-1)


def test_a_video_is_read_once_and_a_second_reading_says_so(tmp_path):
    with VideoWriter(tmp_path / "clip.avi", fps=25) as writer:
        for value in range(3):
            writer.write(np.full((48, 64, 3), value, "uint8"))
    video, left = (Video(tmp_path / "clip.avi") for _ in range(2))
    assert len([*video]) == 3
    for _ in left:
        break
    left.close()
    for closed in (video, left):
        closed.close()
        with pytest.raises(VideoDecodeError, match="clip.avi is closed, or read"):
            next(iter(closed))


def test_a_video_is_read_from_an_address(tmp_path):
    with VideoWriter(tmp_path / "film.webm", 20) as writer:
        for value in range(5):
            writer.write(np.full((48, 64, 3), 40 * value, "uint8"))
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path)
    handler.log_message = lambda *_: None
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        video = Video(f"{address}/film.webm")
        assert video.name == f"{address}/film.webm"
        assert [frame.time for frame in video] == pytest.approx(
            [0, 0.05, 0.1, 0.15, 0.2]
        )
        with pytest.raises(VideoDecodeError, match="none.webm cannot be opened: no an"):
            Video(f"{address}/none.webm")
        server.shutdown()


def test_a_path_is_never_taken_for_a_network_address(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    asked = []
    monkeypatch.setattr(cv2, "VideoCapture", lambda *args: asked.append(args[0]))
    (tmp_path / "tcp:").mkdir()
    (tmp_path / "tcp:" / "host.mp4").write_bytes(b"")
    with pytest.raises(AttributeError):  # of the None that stands for a capture
        Video("tcp:/host.mp4")
    assert asked == [str(tmp_path / "tcp:" / "host.mp4")]
