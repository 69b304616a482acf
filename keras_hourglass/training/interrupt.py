"""Ctrl-C as a wish: a step that has begun is finished, then all is kept."""

import os
import signal
import threading

SIGNALS = signal.SIGINT, signal.SIGTERM  # the second is how clusters end a job
STOPPING_MESSAGE = (
    b"\nStopping after this step, or this validation ... Ctrl-C again: at once.\n"
)


class GracefulInterrupt:
    """While it lasts, a signal to stop is only noted. A second one stops at once.

    Signals reach the main thread alone: elsewhere, nothing changes.

    Attributes:
        asked: Whether there was one.
    """

    def __init__(self):
        self.asked, self._before = False, {}

    def __enter__(self):
        if threading.current_thread() is threading.main_thread():
            self._before = {s: signal.signal(s, self._note) for s in SIGNALS}
        return self

    def __exit__(self, *_):
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number, frame):
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        os.write(
            2, STOPPING_MESSAGE
        )  # `print` may be at work in what the signal interrupts
