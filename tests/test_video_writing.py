"""Writing of videos: times, sound and interruptions, with PyAV and without."""

import logging
import sys
from fractions import Fraction

import numpy as np
import pytest

from keras_hourglass.inference.output.writers import DrawingWriter
from keras_hourglass.inference.sources import InputSource
from keras_hourglass.inference.sources.frames import InputFrame
from keras_hourglass.inference.video import CODECS, Video, VideoWriter, encoders, sound
from keras_hourglass.inference.video.encoders import PYAV_CODECS, choose_rate

VARIABLE = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 1.5, 2.5, 3.5]
SLOW = [0, 2, 4, 6]


@pytest.fixture(params=["PyAV", "OpenCV"])
def writer(request, monkeypatch):
    """Runs a test with PyAV, and as where it is not installed."""
    if request.param == "PyAV":
        pytest.importorskip("av")
    else:
        monkeypatch.setitem(sys.modules, "av", None)
    return request.param


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


def timed(path, times, source=None):
    with VideoWriter(path, 10, source) as video:
        for frame, time in zip(frames(len(times)), times, strict=True):
            video.write(frame, time)
    return path


@pytest.mark.parametrize("ending", CODECS)
def test_a_written_video_is_read_again(ending, writer, tmp_path):
    path = film(tmp_path / f"bär und bar{ending}")
    read = Video(path)
    assert (read.count, read.fps, read.name) == (10, 20.0, str(path))
    for decoded, original in zip(read, frames(10), strict=True):
        assert decoded.shape == (48, 64, 3) and decoded.dtype == np.uint8
        assert np.abs(decoded.astype(float) - original).mean() < 12
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("ending", CODECS)
def test_odd_sides_get_one_more_row_and_lose_none(ending, writer, tmp_path):
    first, *_ = Video(film(tmp_path / f"odd{ending}", size=(63, 47)))
    assert first.shape == (48, 64, 3)


@pytest.mark.parametrize("times", [VARIABLE, SLOW], ids=["variable", "slow"])
@pytest.mark.parametrize("ending", PYAV_CODECS)
def test_with_pyav_frames_keep_their_times(ending, times, tmp_path):
    av = pytest.importorskip("av")
    path = timed(tmp_path / f"film{ending}", times)
    assert [frame.time for frame in Video(path)] == pytest.approx(times, abs=1e-3)
    with av.open(str(path)) as file:  # the last frame lasts as long as the one before
        expected = times[-1] + times[-1] - times[-2]
        assert file.duration / 1e6 == pytest.approx(expected, abs=0.01)


def test_with_pyav_mp4_is_what_browsers_play(tmp_path):
    av = pytest.importorskip("av")
    path = film(tmp_path / "film.mp4")
    with av.open(str(path)) as file:
        context = file.streams.video[0].codec_context
        assert (context.name, context.pix_fmt) == ("h264", "yuv420p")
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")  # they start before all is there


@pytest.mark.parametrize("ending", CODECS)
def test_without_pyav_frames_are_repeated_until_the_next_ones_time(
    ending, tmp_path, monkeypatch, caplog
):
    pytest.importorskip("av")
    source = timed(tmp_path / "source.mp4", VARIABLE)
    monkeypatch.setitem(sys.modules, "av", None)
    with caplog.at_level(logging.INFO):
        path = timed(tmp_path / f"film{ending}", VARIABLE, source)
    shown = [*Video(path)]
    assert [frame.time for frame in shown] == pytest.approx(
        [k / 10 for k in range(36)], abs=2e-3
    )
    bars = [int((frame[24, :, 0] > 128).argmax()) for frame in shown]
    places = [*range(6), *[5] * 9, *[6] * 10, *[7] * 10, 8]
    assert np.abs(np.array(bars) - 2 * np.array(places)).max() <= 1
    notes = [record.getMessage() for record in caplog.records]
    assert notes[-1].endswith(
        "9 frames at a constant rate of 10 per second: 27 repeated to keep their times"
    )
    needs = [note for note in notes if "MPEG-4 Part 2 without sound" in note]
    assert len(needs) == (CODECS[ending] == "mp4v")


@pytest.mark.parametrize(
    "times, rate",
    [
        (VARIABLE, 10),
        (SLOW, 0.5),
        ([k / 25 for k in range(50)], 25),
        ([k * 1001 / 30000 for k in range(50)], 29.97),
        ([round(k / 30, 3) for k in range(100)], 30),  # as Matroska rounds
        ([k / 1000 for k in range(100)], 1000),
        ([k / 30 for k in range(100) if k % 9], 30),  # frames are missing
        ([0, 0.001, *range(1, 50), 49.001, 49.002, 49.003], 120),  # at most
        ([0], 7),
    ],
)
def test_the_constant_rate_is_that_of_the_quickest_parts(times, rate):
    assert choose_rate(times, 7) == pytest.approx(rate, rel=1e-3)


def test_frames_that_come_too_fast_are_left_out_and_counted(
    tmp_path, monkeypatch, caplog
):
    """As of a camera that gives 30 frames per second and states 10."""
    with caplog.at_level(logging.INFO):
        path = timed(tmp_path / "film.avi", [k / 30 for k in range(31)])
    assert len([*Video(path)]) == pytest.approx(12, abs=1)
    assert "left out to keep their times" in caplog.text


def with_sound(path, codec, start=0.0, seconds=4):
    """A source of 2 s whose video begins at 0.5 s, and whose sound is a tone."""
    av = pytest.importorskip("av")
    rate = 48_000
    with av.open(str(path), "w") as file:
        video = file.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        video.codec_context.time_base = base = Fraction(1, 90_000)
        tone = file.add_stream(codec, rate=rate)
        tone.layout = "mono"
        for index, pixels in enumerate(frames(50)):
            frame = av.VideoFrame.from_ndarray(pixels, "rgb24")
            frame.pts, frame.time_base = round((0.5 + index / 25) / base), base
            file.mux(video.encode(frame))
        file.mux(video.encode(None))
        for first in range(0, seconds * rate, 1024):
            place = (first + np.arange(1024)) / rate
            samples = np.sin(2 * np.pi * 440 * place) * (place >= 1)  # after 1 s
            samples = (16_000 * samples).astype("int16")[None]
            frame = av.AudioFrame.from_ndarray(samples, "s16", "mono")
            frame.sample_rate, frame.pts = rate, first + round(start * rate)
            frame.time_base = Fraction(1, rate)
            file.mux(tone.encode(frame))
        file.mux(tone.encode(None))
    return path


def heard(path):
    """Codec, start and end of a file's tone, and start of its video, in seconds."""
    import av

    with av.open(str(path)) as file:
        (tone,), (video,) = file.streams.audio, file.streams.video
        begin = float((video.start_time or 0) * video.time_base)
        loud = []
        for frame in file.decode(tone):
            samples = frame.to_ndarray().astype(float).mean(0)
            if np.abs(samples).max() > 0.2 * (1 if samples.max() < 4 else 16_000):
                loud.append(frame.time)
        return tone.codec_context.name, loud[0], loud[-1], begin


@pytest.mark.parametrize(
    "source, ending, codec",
    [
        (("a.mp4", "aac"), ".mp4", "aac"),
        (("a.mp4", "aac"), ".mkv", "aac"),
        (("a.mov", "pcm_s16le"), ".mp4", "aac"),  # which browsers play
        (("a.mp4", "aac"), ".webm", "opus"),
        (("a.mkv", "libopus"), ".webm", "opus"),
        (("a.mkv", "libopus"), ".mov", "aac"),
    ],
)
def test_sound_is_heard_at_its_time(source, ending, codec, tmp_path):
    name, encoder = source
    source = with_sound(tmp_path / name, encoder)
    path = tmp_path / f"film{ending}"
    with VideoWriter(path, 25, source) as video:
        for frame in Video(source):
            video.write(frame, frame.time)
    found, start, end, begin = heard(path)
    assert found == codec
    assert start - begin == pytest.approx(1 - 0.5, abs=0.05)
    assert end - begin == pytest.approx(4 - 0.5, abs=0.08)
    assert [frame.time for frame in Video(path)] == pytest.approx(
        [k / 25 for k in range(50)], abs=2e-3
    )


def test_damaged_sound_is_left_out_and_the_video_written(tmp_path, caplog, monkeypatch):
    source = with_sound(tmp_path / "a.mkv", "libopus")
    av = pytest.importorskip("av")
    damaged = []

    def decode(self, packet):
        damaged.append(packet)
        if len(damaged) % 5:
            return packet.decode()
        self._warn(av.error.InvalidDataError(1, "invalid data"))
        return []

    monkeypatch.setattr(sound.SoundTracks, "_decode", decode)
    path = tmp_path / "film.mov"
    with VideoWriter(path, 25, source) as video:
        for frame in frames(50):
            video.write(frame)
    assert len([*Video(path)]) == 50
    assert "parts of its sound are left out" in caplog.text


def test_a_drawn_video_has_times_and_sound_of_its_source(tmp_path):
    source = with_sound(tmp_path / "a.mp4", "aac")
    with DrawingWriter(tmp_path / "drawn.mp4") as drawing:
        for frame in Video(source):
            drawing.write(
                frame.image,
                InputFrame(
                    InputSource(str(source), "video"),
                    *(frame.image, frame.index, frame.time, 25.0, 50),
                ),
            )
    assert heard(tmp_path / "drawn.mp4")[0] == "aac"


def test_an_interruption_leaves_the_old_file_or_none(writer, tmp_path):
    old = film(tmp_path / "old.mp4", count=3)
    for path in (old, tmp_path / "new.mp4"):
        with pytest.raises(KeyboardInterrupt), VideoWriter(path, 20) as video:
            video.write(next(frames(1)))
            raise KeyboardInterrupt
    assert [file.name for file in tmp_path.iterdir()] == ["old.mp4"]
    assert len([*Video(old)]) == 3


def test_a_video_needs_frames_of_one_size_and_a_known_suffix(writer, tmp_path):
    with pytest.raises(ValueError, match="there is no frame"):
        film(tmp_path / "none.mp4", count=0)
    with pytest.raises(ValueError, match="must have one size"):
        with VideoWriter(tmp_path / "two.mp4", 20) as video:
            video.write(np.zeros((48, 64, 3), "uint8"))
            video.write(np.zeros((64, 48, 3), "uint8"))
    with pytest.raises(ValueError, match="Did you mean '.mp4'"):
        film(tmp_path / "x.mp3")
    with pytest.raises(FileNotFoundError, match="nowhere/x.mp4"):
        film(tmp_path / "nowhere" / "x.mp4")
    assert not [*tmp_path.iterdir()]


def test_a_video_that_was_not_completely_written_is_discarded(tmp_path, monkeypatch):
    """As on a full disk, which OpenCV does not report."""
    monkeypatch.setattr(encoders.cv2.VideoWriter, "write", lambda self, frame: None)
    with pytest.raises(OSError, match="disk full"):
        film(tmp_path / "x.avi")
    assert not [*tmp_path.iterdir()]


def test_what_pyav_cannot_write_is_an_error_of_the_system(tmp_path, monkeypatch):
    av = pytest.importorskip("av")

    def full(self):
        raise av.error.OSError(28, "No space left on device")

    monkeypatch.setattr(encoders.PyAVEncoder, "_flush", full)
    with pytest.raises(OSError, match="No space left.*x.mp4"):
        film(tmp_path / "x.mp4")
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("ending", [".mp4", ".webm", ".avi"])
def test_a_full_disk_names_the_video_and_keeps_the_old(
    ending, writer, tmp_path, small_disk
):
    if (writer, ending) == ("OpenCV", ".webm"):
        pytest.skip("OpenCV takes the longest possible file for a whole one")
    path = tmp_path / f"film{ending}"
    path.write_text("old")
    with small_disk(1000), pytest.raises(OSError, match=r"film\.") as raised:
        film(path, 30)
    assert str(path) in str(raised.value)
    assert path.read_text() == "old" and [*tmp_path.iterdir()] == [path]
