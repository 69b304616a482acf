"""What `predict` tells while it works: a live line, notes, and what failed."""

import sys
import time

import click

from keras_hourglass.callbacks.progress import LiveLine, format_duration

MIN_REDRAW_SECONDS = 0.1  # seconds between two looks of the live line, at least


class PredictProgress:
    """Tells how far work is, on stderr; stdout is for what was found.

    Attributes:
        total: Pictures and videos that are to be looked at.
        live: Whether a line may change in place: not where others are printed.
        failed: How many could not be looked at, or not to the end.
    """

    def __init__(self):
        self.total, self.live = 0, True
        self.line, self.told = LiveLine(sys.stderr), 0.0
        self.done, self.failed = 0, 0
        self.frames, self.begun, self.current = 0, None, None

    def say(self, text: str):
        """Prints a line that stays."""
        self.line.clear()
        click.echo(text, err=True)

    def fail(self, text: str):
        """Names what could not be looked at, and counts it."""
        self.failed += 1
        self.say(f"Error: {text}")

    def start(self):
        """All begins, with the network's being compiled, which takes a while."""
        if self.live:
            self.line.draw("The network is being compiled")
        self.begin()

    def begin(self):
        """The next picture or video begins."""
        self.frames, self.begun, self.current = 0, time.perf_counter(), None

    def step(self, shot):
        """One picture or frame is done."""
        self.frames, self.current = self.frames + 1, shot
        now = time.perf_counter()
        if self.live and now - self.told >= MIN_REDRAW_SECONDS:
            self.told = now
            self.line.draw(self._line(shot, now - self.begun))

    def end(self, shot):
        """A picture or a video is done."""
        self.done += 1
        if shot.frame is not None:
            seconds = time.perf_counter() - self.begun
            self.say(
                f"{shot.source.name}: {self.frames:,} frames in "
                f"{format_duration(seconds)}, "
                f"{self.frames / seconds:.1f} frames per second"
            )
        self.begin()

    def interrupted(self) -> str:
        """What to say after Ctrl-C."""
        self.line.clear()
        text = f"Stopped after {self.done:,} of {self.total:,}"
        if self.current is not None and self.current.frame is not None:
            text += f", at frame {self.frames:,} of {self.current.source.name}"
        return f"{text}. Drawings that were whole are kept; no file is half written."

    def _line(self, shot, seconds):
        place = f"{self.done + 1:,}/{self.total:,}  {shot.source.name}"
        if shot.frame is None:
            return place
        pace = self.frames / seconds
        place += f"  frame {self.frames:,}"
        if not shot.count:
            return f"{place}  {pace:.1f} per second"
        left = format_duration(max(shot.count - self.frames, 0) / pace)
        return f"{place}/{shot.count:,}  {pace:.1f} per second  {left} left"
