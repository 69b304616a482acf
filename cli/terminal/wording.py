"""Wording of messages and errors for the command line.

The library's messages name Python's arguments, in backticks: `` `image_size` must be
...``, `` `broken='skip'` leaves it out``. Here they become the options of the command
that runs.
"""

import os
import re
import sys
from traceback import walk_tb

import click

# Arguments of the library whose options have other names -> parameter of the command.
OTHER_NAMES = {
    **{"missing": "missing_images", "broken": "broken_images"},
    **{"model": "models", "name": "names"},
}
# Options of other commands, in advice on what to do then.
OF_OTHERS = {"images": "--images", "skeleton": "--skeleton"}
BOXES = f"{__name__}.boxes"  # key of `Context.meta`: --box or --boxes, as was given
COMMAND = f"{__name__}.command"  # key of click's `Context.meta`
NAMED = re.compile(r"`([a-z_]+)(?:=([^`]*))?`")
ARGUMENTS = re.compile(r"^`|\bReceived: ")  # in messages of arguments
RECEIVED = re.compile(r"(?<=[ (])([a-z_]+)=(?=\S)")

MEMORY_TYPES = {"ResourceExhaustedError", "OutOfMemoryError", "MemoryError"}
MEMORY_WORDS = re.compile(
    r"\bRESOURCE_EXHAUSTED\b|\bout of memory\b|\bOOM when\b", re.I
)
PRINTING = {"click.utils", __name__}  # modules that print and flush
# Raised by code, not by what the user gave.
UNEXPECTED = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError)
ANSI = re.compile(r"\x1b\[[0-9;]*m")
# First lines of Keras's and TensorFlow's messages that say nothing; the cause follows.
PREAMBLE = re.compile(r".*:$|Exception encountered when calling .*")


def in_options(text: str) -> str:
    """Replaces the arguments that a message of the library names by options.

    Backticks are around keys of files, too: a name without a value counts only in
    messages that begin with an argument, or show what was received.
    """
    command = _current_command()
    if command is None:
        return text
    options, of_arguments = _options(command), ARGUMENTS.search(text)

    def replace(match):
        name, value = match[1], match[2]
        option = options.get(name) if of_arguments or value is not None else None
        if option is None and value is not None:
            option = OF_OTHERS.get(name)
        if option is None:
            return match[0]
        value = (value or "").strip("'\"")
        return f"`{option}`" if value in ("", "True") else f"`{option} {value}`"

    def replace_received(match):
        option = options.get(match[1])
        return f"{option}=" if option else match[0]

    text, received, values = NAMED.sub(replace, text).partition("Received:")
    return text + received + RECEIVED.sub(replace_received, values)


def _current_command():
    """Returns the command that runs, or a group of it; None in other programs."""
    context = click.get_current_context(silent=True)
    return context and context.meta.get(COMMAND)


def _options(command) -> dict[str, str]:
    """Returns name of an argument of the library -> option of a command."""
    options = {}
    for each in getattr(command, "commands", {"": command}).values():
        for param in each.params if each else ():
            if isinstance(param, click.Argument):
                options[param.name] = (param.metavar or param.name.upper()).strip("[].")
                continue
            long = max(param.opts, key=len)
            options[param.name] = options[long.strip("-").replace("-", "_")] = long
    if "dataset" in options:
        options["root"] = "DIR"  # of --dataset NAME:DIR
    others = {k: options[v] for k, v in OTHER_NAMES.items() if v in options}
    options = others | options
    if "boxes" in options:  # --box is of this argument, too; a detector's are of none
        del options["boxes"]
        given = click.get_current_context().meta.get(BOXES)
        options |= {"boxes": given} if given else {}
    return options


def describe_error(error: Exception) -> str:
    """Describes an error in one line: the cause, and what can be done."""
    from keras_hourglass.utils.files import DISK_ERRORS, describe_os_error

    text = ANSI.sub("", str(error))
    if isinstance(error, OSError):
        if is_of_output(error):
            error.filename = "standard output"
        text = describe_os_error(error)
        return text if error.errno else in_options(_first_line(text))
    if any(words in text for words in DISK_ERRORS) and type(error) is not ValueError:
        return _first_line(text)
    if is_out_of_memory(error):
        options = _options(_current_command())
        smaller = [options[n] for n in ("batch_size", "image_size") if n in options]
        advice = f"a smaller {' or '.join(smaller)} needs less" if smaller else ""
        return ": ".join(filter(None, ("out of memory", advice)))
    if isinstance(error, UNEXPECTED) and not text.startswith("`"):
        reason = f"{type(error).__name__}: {_first_line(text)}"
        return f"unexpected {reason} (`--traceback` shows where)"
    return in_options(_first_line(text) or type(error).__name__)


def is_out_of_memory(error: BaseException) -> bool:
    """Returns whether a computer or a GPU had too little memory."""
    while error is not None:
        if type(error).__name__ in MEMORY_TYPES or MEMORY_WORDS.search(str(error)):
            return True
        error = error.__cause__
    return False


def _first_line(text: str) -> str:
    """Returns the first line that says something, after those that announce it."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    while len(lines) > 1 and PREAMBLE.fullmatch(lines[0]):
        del lines[0]
    return lines[0] if lines else ""


def flush_output():
    """Writes what is left of the standard output, if it is open."""
    if sys.stdout is not None:
        sys.stdout.flush()


def discard_unwritten():
    """Discards what the standard output does not take: Python would try at its exit."""
    try:
        flush_output()
    except OSError:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)


def is_of_output(error: OSError) -> bool:
    """Returns whether an error was raised by printing, which names no file."""
    frames = [frame for frame, _ in walk_tb(error.__traceback__)]
    module = frames[-1].f_globals.get("__name__") if frames else ""
    return error.filename is None and module in PRINTING
