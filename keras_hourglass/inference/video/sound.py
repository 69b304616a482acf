"""Sound: the audio tracks of a video file, copied beside new frames by PyAV."""

import logging
from contextlib import suppress
from pathlib import Path

# Suffix -> codecs that its players know, and the one that others are encoded in.
# Matroska holds any.
KNOWN = {
    ".mp4": ({"aac", "mp3", "ac3", "eac3", "opus", "flac", "alac"}, "aac"),
    ".mov": ({"aac", "mp3", "ac3", "eac3", "alac"}, "aac"),
    ".webm": ({"opus", "vorbis"}, "libopus"),
    ".mkv": (None, None),
}
OPUS_RATE = 48_000  # Hz: the one that all of its decoders know

logger = logging.getLogger(__name__)


class SoundTracks:
    """Copies the audio tracks of a file, at the times that they have beside its video.

    Args:
        source: Path of the video.
        target: The PyAV container to write to; not started yet.
        suffix: Of the file to write, which says which codecs are copied, and which
            encoded anew.

    Attributes:
        video_start: Seconds from the start of the file to the first frame.
    """

    def __init__(self, source, target, suffix: str):
        import av

        self._target, self._tracks, self._source = target, {}, source
        self._errors, self._failed = av.FFmpegError, False
        self._invalid = av.error.ArgumentError  # of packets whose times go back
        self._file = av.open(str(Path(source).resolve()))  # never an address
        audio, video = self._file.streams.audio, self._file.streams.video
        for stream in audio:
            try:
                self._tracks[stream.index] = self._add(stream, suffix)
            except (av.FFmpegError, ValueError) as error:
                logger.warning("%s: its sound is left out: %s", source, error)
        starts = [_start(stream) for stream in (*audio, *video[:1])]
        self._zero = min(starts) if self._tracks else _start(video[0])
        self.video_start = _start(video[0]) - self._zero
        streams = [stream for stream in audio if stream.index in self._tracks]
        self._packets = self._file.demux(streams) if streams else iter(())
        self._next = self._read()

    def _add(self, stream, suffix):
        """Adds a track; returns it, and whether its packets are encoded anew."""
        copied, codec = KNOWN[suffix]
        context = stream.codec_context
        if copied is None or context.name in copied:
            return self._target.add_stream_from_template(stream), False
        rate = OPUS_RATE if codec == "libopus" else context.sample_rate
        track = self._target.add_stream(codec, rate=rate)
        track.layout = context.layout
        return track, True

    def write_until(self, seconds: float):
        """Writes the packets that begin up to a time since the start of the file."""
        while self._next is not None:
            packet = self._next
            if packet.pts is not None and self._time(packet) > seconds:
                return
            self._write(packet)
            self._next = self._read()

    def _time(self, packet):
        return packet.pts * packet.time_base - self._zero

    def _write(self, packet):
        track, encoded = self._tracks[packet.stream.index]
        shift = round(self._zero / packet.time_base)
        if encoded:
            for frame in self._decode(packet):
                frame.pts -= round(self._zero / frame.time_base)
                self._target.mux(track.encode(frame))
            if packet.size == 0:  # the last, which empties decoder and encoder
                self._target.mux(track.encode(None))
        elif packet.size and packet.pts is not None:
            packet.pts -= shift
            packet.dts = packet.pts if packet.dts is None else packet.dts - shift
            packet.stream = track
            try:
                self._target.mux(packet)
            except self._invalid as error:
                self._warn(error)

    def _read(self):
        """Returns the next packet; None after the last, or where the file is broken."""
        try:
            return next(self._packets, None)
        except self._errors as error:
            self._warn(error)
            return None

    def _decode(self, packet):
        try:
            return packet.decode()
        except self._errors as error:
            self._warn(error)
            return []

    def _warn(self, error):
        if not self._failed:
            logger.warning(
                "%s: parts of its sound are left out: %s", self._source, error
            )
        self._failed = True

    def close(self):
        """Closes the source."""
        with suppress(OSError):
            self._file.close()


def _start(stream):
    return (stream.start_time or 0) * stream.time_base
