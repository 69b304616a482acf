"""Messages and tables of the command.

Results go to the standard output; messages, progress and errors to the standard error.
"""

import logging
import os
import sys
from importlib.machinery import PathFinder

import click

from keras_hourglass_cli.terminal.wording import in_options

LIBRARY = "keras_hourglass"  # the logger of all messages


class MessageHandler(logging.Handler):
    """Prints messages as plain lines; those that warn say so."""

    def emit(self, record):
        level = record.levelname.capitalize()
        prefix = f"{level}: " if record.levelno >= logging.WARNING else ""
        # By `print`: a live progress bar of rich takes its place for what it prints.
        print(f"{prefix}{in_options(self.format(record))}", file=sys.stderr)


def configure_logging(quiet: bool = False, verbose: bool = False):
    """Shows the library's messages: all with `verbose`, only warnings with `quiet`."""
    logger = logging.getLogger(LIBRARY)
    logger.handlers = [
        *(h for h in logger.handlers if not isinstance(h, MessageHandler)),
        MessageHandler(),
    ]
    logger.setLevel(
        logging.WARNING if quiet else logging.DEBUG if verbose else logging.INFO
    )


def training_verbosity() -> int:
    """Returns `verbose` of `train`: 0 after `--quiet`."""
    return int(logging.getLogger(LIBRARY).isEnabledFor(logging.INFO))


def start_keras(backend: str | None = None):
    """Imports Keras and its backend, without the messages that they print at start.

    Args:
        backend: A backend of Keras, where only that one will do.
    """
    if backend is not None and "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = backend
    silence_keras()
    import keras  # noqa: F401


def silence_keras():
    """Discards messages that Keras and its backend print at start, if they do start.

    TensorFlow writes some of them before it reads any setting.
    """
    from keras_hourglass.utils import silence

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if "torch" not in sys.modules:  # which reads it once; see `models.torch_threads`
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    for package in ("keras", "tensorflow"):  # which Keras may import much later
        if package not in sys.modules:
            sys.meta_path.insert(0, _QuietFinder(package, silence))


class _QuietFinder:
    """Finds a package as Python does; its import then prints no message.

    Args:
        package: Name of the package.
        silence: `utils.silence`. The library, which registers its classes if Keras is
            imported, cannot be imported within Keras's import.
    """

    def __init__(self, package, silence):
        self.package, self.silence = package, silence

    def find_spec(self, name, path, target=None):
        if name != self.package:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None:
            load = spec.loader.exec_module
            spec.loader.exec_module = lambda module: self._load_quietly(load, module)
        return spec

    def _load_quietly(self, load, module):
        # Not when it is found: `importlib.util.find_spec` also asks for that alone.
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        with self.silence(2, show_on_error=True):
            load(module)


def print_table(columns, rows, title: str = ""):
    """Prints a table; see `utils.format_table`."""
    from keras_hourglass.utils import format_table

    if title:
        click.echo(f"\n{title}")
    click.echo(format_table(columns, rows))


class RowPrinter:
    """Prints the rows of a table as they come, where each takes its time.

    Args:
        columns: Title -> width, at least; the first columns, of text, are aligned
            left.
        text: How many they are.
    """

    def __init__(self, columns: dict[str, int], text: int = 1):
        self.widths = [max(len(title), width) for title, width in columns.items()]
        self.text = text
        self.print(*columns)

    def print(self, *cells):
        """Prints a row; of one with fewer cells, the last takes all room."""
        click.echo("  ".join(map(self._fit, range(len(cells)), cells)).rstrip())

    def _fit(self, index, cell):
        width = self.widths[index]
        return f"{cell:<{width}}" if index < self.text else f"{cell:>{width}}"
