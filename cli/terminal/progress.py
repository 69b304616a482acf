"""Progress of `hourglass-keras predict`, on the standard error."""

from datetime import timedelta

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
)


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
            TextColumn("{task.fields[rate]}"),
            console=console,
            transient=True,
            redirect_stdout=False,  # results are printed there
            disable=not (visible and console.is_terminal),
        )
        self._sources = self._bar.add_task("Loading the network", total=None, rate="")
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
            done, text = summary.done + 1, frame.source.name
        else:
            done, text = summary.done, "Sources"
            self._update_video(frame, summary, is_new)
        self._bar.update(
            self._sources, description=text, completed=done, total=summary.total
        )

    def _update_video(self, frame, summary, is_new):
        if is_new:
            self._video = self._bar.add_task(
                frame.source.name, total=frame.total, rate=""
            )
        per_second = summary.frames_per_second
        rate = f"{per_second:.1f} per second"
        if frame.total:
            seconds = max(frame.total - summary.frames, 0) / per_second
            rate += f"  {timedelta(seconds=round(seconds))} left"
        self._bar.update(self._video, completed=summary.frames, rate=rate)
