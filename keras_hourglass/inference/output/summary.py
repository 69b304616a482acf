"""Summary of a prediction: counts of sources and frames, and failures."""

import logging
import time

from keras_hourglass.inference.sources import Failures, InputSource
from keras_hourglass.inference.sources.frames import InputFrame

logger = logging.getLogger(__name__)


class PredictionSummary:
    """Counts of a run of `predict_sources`.

    Attributes:
        total: Number of sources: images, videos and cameras.
        done: Sources that were processed to their end, without those that failed
            midway.
        frames: Frames of the current source that were processed.
        failures: Messages about inputs that failed.
    """

    def __init__(self, total: int, failures: Failures):
        self.total, self.done = total, 0
        self.failures, self._failed = failures.messages, failures.sources
        self.start_source()

    def start_source(self):
        """Starts the counts of the next source."""
        self.frames, self._start, self._current = 0, time.perf_counter(), None

    @property
    def frames_per_second(self) -> float:
        """Rate of the current source, from the end of the one before."""
        return self.frames / (time.perf_counter() - self._start)

    def add_frame(self, frame: InputFrame):
        """Counts a frame."""
        self.frames, self._current = self.frames + 1, frame

    def end_source(self, source: InputSource):
        """Counts a source, and logs the speed of a video."""
        self.done += source not in self._failed
        frame = self._current
        if frame is not None and frame.index is not None:
            rate, plural = self.frames_per_second, "s" if self.frames > 1 else ""
            logger.info(
                f"{frame.source.name}: {self.frames:,} frame{plural} in "
                f"{self.frames / rate:.1f} s, {rate:.1f} frames per second"
            )
        self.start_source()

    def describe_interrupt(self) -> str:
        """The message after an interruption."""
        text = f"Stopped after {self.done:,} of {self.total:,}"
        if self._current is not None and self._current.index is not None:
            text += f", at frame {self.frames:,} of {self._current.source.name}"
        return f"{text}. Complete drawings are kept; no file is partly written."
