"""The runtime of a network: which files are whose, and which one `auto` takes."""

import logging
import os
import shutil
from pathlib import Path

from keras_hourglass.inference.runtimes import RUNTIMES
from keras_hourglass.models.config import BEST_FILE
from keras_hourglass.models.presets import PRESETS_OF, places
from keras_hourglass.utils import suggest
from keras_hourglass.utils.files import suffix_of

AUTO = "auto"
RUNTIME_NAMES = (AUTO, *RUNTIMES)
SAVED_MODEL_FILE = "saved_model.pb"

logger = logging.getLogger(__name__)


def load_network(model, runtime: str = AUTO, argument: str = "model"):
    """Finds the runtime of a network, and loads what it needs to know of it.

    Args:
        model: A `StackedHourglass`, what `load_model` takes, or what `export` wrote: a
            `.tflite`, `.onnx` or `.xml` file, or the folder of a SavedModel, of one
            version or of several, of which the newest is taken.
        runtime: A key of `RUNTIMES`, or "auto".
        argument: The name of `model` in messages.

    Returns:
        The key of `RUNTIMES`; and a `StackedHourglass`, for Keras, or an
        `ExportedNetwork`.

    Raises:
        FileNotFoundError: If there is no such file.
        ModuleNotFoundError: If the runtime is not installed.
        ValueError: If there is no such runtime, or it does not run such a network.
    """
    name, path = _find_runtime(model, runtime, argument, "pose")
    if name == "keras":
        from keras_hourglass.models.loading import load_argument

        return name, load_argument(model, argument)
    from keras_hourglass.inference.runtimes.exported import ExportedNetwork

    return name, ExportedNetwork.read(path)


def load_detector_network(model, runtime: str = AUTO, argument: str = "detector"):
    """Loads a person detector into its runtime.

    Args:
        model: A `PersonDetector`, what `load_model` takes, or what `export` wrote; see
            `load_network`.
        runtime: A key of `RUNTIMES`, or "auto".
        argument: The name of `model` in messages.

    Returns:
        The key of `RUNTIMES`; and an object with `input_size`, `heatmap_size` and
        `predict_boxes(images)`: see `ExportedDetector`.

    Raises:
        FileNotFoundError, ModuleNotFoundError, ValueError: As `load_network`.
    """
    name, path = _find_runtime(model, runtime, argument, "detect")
    if name == "keras":
        from keras_hourglass.models.loading import load_argument

        network = load_argument(model, argument, "detect")
    else:
        from keras_hourglass.inference.runtimes.exported import ExportedFile

        network = ExportedFile.read(path)
    return name, RUNTIMES[name].make_detector(network)


def _find_runtime(model, runtime, argument, task):
    """Returns the key of `RUNTIMES` of a network, and its exported file or None."""
    if runtime not in RUNTIME_NAMES:
        raise ValueError(
            f"`runtime` must be a runtime's name. {suggest(runtime, RUNTIME_NAMES)} "
            f"Received: runtime={runtime!r}"
        )
    _require_file(model, argument)
    name, path, reason = choose(model, runtime, task)
    logger.debug("Runtime: %s, %s", name, reason)
    require_installed(name)
    return name, path


def choose(
    model, runtime: str = AUTO, task: str = "pose"
) -> tuple[str, Path | None, str]:
    """Chooses the runtime of a network.

    Args:
        model, runtime: See `load_network`.
        task: Of the network, a key of `PRESETS_OF`.

    Returns:
        The key of `RUNTIMES`, the exported file or None, and the reason.
    """
    if not isinstance(model, str | os.PathLike):
        _require(runtime, ("keras",), "a network in memory", "model.keras")
        return "keras", None, "which runs networks in memory"
    if str(model) in PRESETS_OF[task]:
        return _choose_for_preset(str(model), runtime, PRESETS_OF[task][str(model)])
    path = Path(model).expanduser()
    name, file = find_exported(path, runtime)
    if file is None:
        _require(runtime, ("keras",), f"{str(model)!r}", model)
        return "keras", None, "which runs .keras files"
    _require(runtime, (name,), f"{str(model)!r}", None)
    return name, file, f"which runs {file}"


def require_installed(name: str):
    """Raises a ModuleNotFoundError, with what to install, if a runtime is missing."""
    runtime = RUNTIMES[name]
    if not runtime.installed_packages():
        raise ModuleNotFoundError(
            f"The runtime {name!r} needs {runtime.packages[0]}: "
            f"pip install {runtime.install}"
        )


def has_nvidia_gpu() -> bool:
    """Returns whether there is an NVIDIA GPU for this process; imports nothing."""
    if os.environ.get("CUDA_VISIBLE_DEVICES", "0").strip() in ("", "-1"):
        return False
    if os.name == "nt":
        return shutil.which("nvidia-smi") is not None
    places = {
        "/proc/driver/nvidia/gpus": "*",
        "/dev": "nvidia[0-9]*",
        "/usr/lib/wsl/lib": "nvidia-smi",  # of Linux under Windows
    }
    return any(any(Path(folder).glob(name)) for folder, name in places.items())


def _choose_for_preset(name, runtime, preset):
    file = preset.litert
    if file is None or runtime not in (AUTO, "litert"):
        own = ("keras",) if file is None else ("keras", "litert")
        _require(runtime, own, f"the preset {name!r}", name)
        reason = "as chosen" if file else "as the preset has no LiteRT file"
        return "keras", None, reason
    reason = "as chosen"
    if runtime == AUTO:
        reason = "which starts fastest, as there is no NVIDIA GPU"
        if has_nvidia_gpu():
            return "keras", None, "as there is an NVIDIA GPU"
        if "ai_edge_litert" not in RUNTIMES["litert"].installed_packages():
            return "keras", None, "as ai-edge-litert is not installed"
    places.warn_of_hidden_folder(name)
    from keras_hourglass.models.weights import weights_path

    return "litert", weights_path(file), reason


def _require_file(model, argument):
    """Raises a FileNotFoundError for an exported file that does not exist."""
    if not isinstance(model, str | os.PathLike):
        return
    path = Path(model).expanduser()
    suffixes = (each.suffix for name, each in RUNTIMES.items() if name != "keras")
    if suffix_of(path) in suffixes and not path.exists():
        raise FileNotFoundError(
            f"`{argument}` must be a file that exists. "
            f"Received: {argument}={str(model)!r}"
        )


def _require(runtime, own, what, exported_from):
    """Raises a ValueError if a runtime was chosen that is none of a network's own."""
    if runtime in (AUTO, *own):
        return
    names = " or ".join(map(repr, own))
    if exported_from is None:
        hint = f"only {names} runs this file"
        hint += "; Keras runs .keras files" if runtime == "keras" else ""
    else:
        hint = f"export it first: hourglass-keras export {exported_from} DIR"
        hint += "" if runtime == "savedmodel" else f" --format {runtime}"
    raise ValueError(
        f"`runtime` must be {names} for {what}: {hint}. Received: runtime={runtime!r}"
    )


def find_exported(path: Path, runtime: str = AUTO) -> tuple[str | None, Path | None]:
    """Finds the exported file that a path stands for.

    Args:
        path: A file, or a folder: of a SavedModel, or with one file of the runtime.
        runtime: The runtime whose file is looked for; "auto" for any, but in the folder
            of a run or of a preset, where that itself is meant.

    Returns:
        The key of its runtime, and the file or the folder of a SavedModel's version;
        two times None if there is none.
    """
    if not path.is_dir():
        for name, each in RUNTIMES.items():
            if name != "keras" and suffix_of(path) == each.suffix and path.is_file():
                return name, path
        return None, None
    own = (path / BEST_FILE).is_file() or places.is_preset_folder(path)
    if runtime == "keras" or runtime == AUTO and own:
        return None, None
    if runtime in (AUTO, "savedmodel") and (versions := _versions(path)):
        return "savedmodel", versions[-1]
    for name, each in RUNTIMES.items():
        if each.suffix is None or runtime not in (AUTO, name) or name == "keras":
            continue
        files = (file for file in path.iterdir() if suffix_of(file) == each.suffix)
        found = sorted(file for file in files if file.is_file())
        if len(found) > 1:
            raise ValueError(
                f"{path} must hold one {each.suffix} file, or name it. Received: "
                f"{', '.join(file.name for file in found)}"
            )
        if found:
            return name, found[0]
    return None, None


def _versions(folder) -> list[Path]:
    """Finds the versions of a SavedModel, in order; or a version, if it is one."""
    if (folder / SAVED_MODEL_FILE).is_file():
        return [folder]
    versions = [each for each in folder.glob("*") if each.name.isdecimal()]
    versions = [each for each in versions if (each / SAVED_MODEL_FILE).is_file()]
    return sorted(versions, key=lambda each: int(each.name))
