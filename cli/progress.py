"""Progress of `hourglass-keras predict`, on the standard error."""

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text


class RateColumn(ProgressColumn):
    """Steps per second."""

    def render(self, task):
        return Text(f"{task.speed:.1f} per second" if task.speed else "")


class PredictProgress:
    """Shows which source is processed, and for a video which frame.

    A context manager; its `update` is the `on_frame` of `predict_sources`.

    Args:
        visible: Whether to show anything; nothing is shown where the standard error
            is not a terminal.
        console: By default, that of the standard error.
    """

    def __init__(self, visible: bool = True, console: Console | None = None):
        console = console or Console(stderr=True)
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            RateColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            redirect_stdout=False,  # results are printed there
            disable=not (visible and console.is_terminal),
        )
        self._sources = self._bar.add_task("Compiling the network", total=None)
        self._video, self._name = None, None

    def __enter__(self):
        self._bar.start()
        return self

    def __exit__(self, *_):
        self._bar.stop()

    def update(self, result, summary):
        """Shows a `FrameResult` and the `PredictionSummary` so far."""
        frame = result.frame
        is_new, self._name = frame.source.name != self._name, frame.source.name
        if is_new and self._video is not None:
            self._bar.remove_task(self._video)
            self._video = None
        if frame.index is None:
            done, name = summary.done + 1, frame.source.name
        else:
            done, name = summary.done, "Sources"
            if is_new:
                self._video = self._bar.add_task(frame.source.name, total=frame.total)
            self._bar.update(self._video, completed=summary.frames)
        self._bar.update(
            self._sources, description=name, completed=done, total=summary.total
        )
