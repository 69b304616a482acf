"""Packages that a format needs, imported when it is asked for."""

from importlib import import_module


def needed(extra: str, *names: str) -> list:
    """Modules, by their names.

    Raises:
        ModuleNotFoundError: If one is not installed; with the extra to install.
    """
    try:
        return [import_module(name) for name in names]
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"`format` {extra!r} needs {error.name}: "
            f"pip install 'keras-hourglass[{extra}]'"
        ) from None
