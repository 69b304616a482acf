"""Formats of exported files: one table, readable without Keras."""

from importlib import import_module
from typing import NamedTuple

from keras_hourglass.utils import suggest

ALL = "all"


class Format(NamedTuple):
    """A format.

    Attributes:
        module: Its module in this package, which has `write(model, path, **options)`.
            Metadata that it returns are written beside the file.
        suffix: Of its file. Without one, it is a folder of numbered versions.
        precisions: Precisions that it can be written in, the default first.
        options: Keyword arguments of `write` that are its own.
        packages: Packages that it needs and that are not installed with the library.
        stem: Of its file's name, where the format prescribes it.
        network: Name of the file with the network, where that lies beside its file.
        runtime: Key in `inference.runtimes.RUNTIMES`, by default the format's name.
        tasks: Of the networks that it is for.
    """

    module: str
    suffix: str = ""
    precisions: tuple[str, ...] = ("float32",)
    options: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    stem: str = ""
    network: str = ""
    runtime: str = ""
    tasks: tuple[str, ...] = ("pose", "detect")

    def import_module(self):
        return import_module(f"{__package__}.{self.module}")


FORMATS = {
    "savedmodel": Format(
        "saved_model", options=("max_pixels", "detector"), tasks=("pose",)
    ),
    "litert": Format(
        "litert", ".tflite", ("float32", "float16", "int8"), options=("batch_size",)
    ),
    "onnx": Format("onnx", ".onnx", packages=("tf2onnx", "onnx", "onnxruntime")),
    "openvino": Format("openvino", ".xml", packages=("openvino",)),
    "web": Format(
        "web",
        ".html",
        options=("assets", "detector"),
        stem="index",
        network="index.tflite",
        runtime="litert",
        tasks=("pose",),
    ),
}


def format_name(name: str, precision: str) -> str:
    """The name of a format in a precision: "litert", "litert:int8"."""
    default = FORMATS[name].precisions[0]
    return name if precision == default else f"{name}:{precision}"


FORMAT_NAMES = [
    format_name(name, precision)
    for name, entry in FORMATS.items()
    for precision in entry.precisions
]


def parse_formats(formats, options=()) -> list[tuple[str, str]]:
    """Splits names of formats into formats and precisions.

    Args:
        formats: A name as "onnx" or "litert:int8", several of them, or "all".
        options: Names of options, each of which one of the formats must have.

    Returns:
        Pairs of a key of `FORMATS` and a precision, each once.

    Raises:
        ValueError: If a format, precision or option does not exist.
    """
    names = [formats] if isinstance(formats, str) else [*formats]
    if names == [ALL]:
        names = FORMAT_NAMES
    if not names:
        raise ValueError("`formats` must name a format. Received: none")
    chosen = [*dict.fromkeys(map(_parse_format, names))]
    for option in options:
        having = [name for name, entry in FORMATS.items() if option in entry.options]
        if not having:
            known = [known for entry in FORMATS.values() for known in entry.options]
            raise TypeError(
                f"`{option}` must be an option of a format. {suggest(option, known)}"
            )
        if not {*having} & {name for name, _ in chosen}:
            raise ValueError(
                f"`{option}` is an option of the format {having[0]!r}. "
                f"Received: formats={formats!r}"
            )
    return chosen


def _parse_format(text):
    name, colon, precision = str(text).partition(":")
    if name not in FORMATS:
        raise ValueError(
            f"`formats` must name formats. {suggest(text, [*FORMAT_NAMES, ALL])} "
            f"Received: formats={text!r}"
        )
    precisions = FORMATS[name].precisions
    if colon and precision not in precisions:
        raise ValueError(
            f"`formats` must name a precision of {name!r} after the colon. "
            f"{suggest(precision, precisions)} Received: formats={text!r}"
        )
    return name, precision or precisions[0]


def require_task(formats, task: str):
    """Raises a ValueError if none of the formats is for networks of a task.

    Args:
        formats: Pairs of a key of `FORMATS` and a precision.
        task: Of the network, "pose" or "detect".

    Returns:
        Those that are.
    """
    fitting = [pair for pair in formats if task in FORMATS[pair[0]].tasks]
    if not fitting:
        names = [name for name, entry in FORMATS.items() if task in entry.tasks]
        raise ValueError(
            f"`formats` must be for networks of the task {task!r}: {', '.join(names)}. "
            f"Received: {', '.join(format_name(*pair) for pair in formats)}"
        )
    return fitting


def require_packages(name: str):
    """Imports the packages that a format needs.

    Raises:
        ModuleNotFoundError: If one is not installed; with the extra that installs it.
    """
    for package in FORMATS[name].packages:
        try:
            import_module(package)
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError(
                f"The format {name!r} needs {error.name}: pip install '.[{name}]'"
            ) from None
