"""Detectors of other packages: entry points, and functions of importable modules."""

import os
import sys
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from keras_hourglass.inference.detectors.detector import describe_error

ENTRY_POINT_GROUP = "keras_hourglass.detectors"


def find_plugins() -> dict[str, EntryPoint]:
    """Finds the detectors that installed packages register, by name."""
    return {each.name: each for each in entry_points(group=ENTRY_POINT_GROUP)}


def parse_function(name: str) -> EntryPoint | None:
    """Parses `module:function`; None where a name is anything else."""
    if ":" in name and EntryPoint.pattern.match(name):
        return EntryPoint(name, name, ENTRY_POINT_GROUP)
    return None


def load_function(plugin: EntryPoint):
    """Imports a detector's function.

    Raises:
        ValueError: If there is no such module or function, or its import fails.
    """
    try:
        return _load(plugin)
    except (Exception, SystemExit) as error:  # of the module's code: anything
        reason = str(error) if type(error) is ValueError else describe_error(error)
        raise ValueError(
            f"detector {plugin.name!r} cannot be loaded: {reason}"
        ) from error


def _load(plugin: EntryPoint):
    """Imports a module, and returns its function.

    Raises:
        ValueError: If there is no such module or function.
        Exception: Of the module's code.
    """
    try:
        module = import_module(plugin.module)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if not f"{plugin.module}.".startswith(f"{missing}."):
            raise  # by an import of the module itself
        here = f"the current folder {os.getcwd()}, or of "
        here = here if {"", os.getcwd()} & {*sys.path} else ""
        files = [path.stem for path in Path().glob("*.py")] if here else []
        close = get_close_matches(missing, files, n=1)
        hint = f". Did you mean {close[0]!r}?" if close else ""
        raise ValueError(
            f"{missing!r} is no module of {here}the installed packages{hint}"
        ) from None
    function = module
    for name in plugin.attr.split("."):
        if not hasattr(function, name):
            public = [each for each in vars(function) if not each.startswith("_")]
            close = get_close_matches(name, public, n=1)
            hint = f". Did you mean {close[0]!r}?" if close else ""
            raise ValueError(f"{plugin.module} has no {plugin.attr!r}{hint}")
        function = getattr(function, name)
    if not callable(function):
        raise ValueError(f"{plugin.attr!r} is not a function, but {function!r:.80}")
    return function
