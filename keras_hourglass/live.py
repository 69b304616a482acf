"""A line on a terminal that changes in place, and how it tells the time."""

import os
import shutil


class LiveLine:
    """One line, drawn over again; where there is no terminal, none at all.

    Args:
        stream: Where it is drawn.

    Attributes:
        live: Whether that is a terminal that can.
    """

    def __init__(self, stream):
        self.stream, self._width = stream, 0
        self.live = stream.isatty() and os.environ.get("TERM") != "dumb"

    def draw(self, text: str):
        """Shows a text, cut to the terminal's width, in place of the one before."""
        if not self.live:
            return
        # Blanks, for escape codes to clear a line are not known to every terminal.
        text = text[: shutil.get_terminal_size().columns - 1]
        self.stream.write("\r" + text.ljust(self._width))
        self.stream.flush()
        self._width = len(text)

    def clear(self):
        """Takes the line away, so that another can be printed."""
        if self._width:
            self.stream.write("\r" + " " * self._width + "\r")
            self.stream.flush()
            self._width = 0


def duration(seconds: float) -> str:
    """`h:mm:ss`, or `m:ss` below an hour."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
