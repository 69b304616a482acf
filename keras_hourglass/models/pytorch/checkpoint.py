"""PyTorch checkpoint files: read without running code in them, and written."""

import re
from collections.abc import Mapping

import numpy as np

from keras_hourglass.utils.files import atomic_write

STATE_DICT = "state_dict"  # the key of the weights in files of training scripts
PREFIX = "module."  # of all names, if several GPUs trained
STEP_COUNTER = "num_batches_tracked"  # of a norm: not used by these networks


def read_checkpoint(path) -> dict[str, np.ndarray]:
    """Reads the weights of a checkpoint: name -> array, float32.

    Raises:
        FileNotFoundError: If there is no such file.
        ImportError: If PyTorch is not installed.
        ValueError: If it is no checkpoint, or holds more than weights and numbers.
    """
    torch = _import_torch()
    try:
        with torch.serialization.safe_globals(_numpy_scalar_types()):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except OSError:
        raise
    except Exception as error:  # files of other kinds raise errors of any type
        raise ValueError(f"{path} {_reason(error)}") from error
    if isinstance(content, Mapping):
        content = content.get(STATE_DICT, content)
    tensors = content.items() if isinstance(content, Mapping) else ()
    arrays = {
        str(name).removeprefix(PREFIX): tensor.detach().float().numpy()
        for name, tensor in tensors
        if torch.is_tensor(tensor) and not str(name).endswith(STEP_COUNTER)
    }
    if not arrays:
        raise ValueError(
            f"{path} must hold weights by name, or have them in {STATE_DICT!r}. "
            f"Received: a {type(content).__name__} without"
        )
    return arrays


def write_checkpoint(path, arrays: dict[str, np.ndarray]):
    """Writes a checkpoint for `load_state_dict`: name -> tensor.

    Raises:
        ImportError: If PyTorch is not installed.
    """
    torch = _import_torch()
    tensors = {}
    for name, array in arrays.items():
        tensors[name] = torch.from_numpy(np.array(array, "float32", order="C"))
        if name.endswith("running_var"):
            tensors[name.replace("running_var", STEP_COUNTER)] = torch.tensor(0)
    with atomic_write(path) as temporary:
        torch.save(tensors, temporary)


def _import_torch():
    try:
        import torch
    except ImportError as error:
        raise ImportError(
            "PyTorch reads and writes its checkpoints: pip install '.[torch]'"
        ) from error
    return torch


def _numpy_scalar_types():
    """Returns the types of NumPy scalars, such as a score stored with the weights.

    Files written before NumPy 2 have their constructor under its old module.
    """
    constructor = np.float64(0).__reduce__()[0]
    dtypes = {type(np.dtype(code)) for code in np.typecodes["AllFloat"] + "bhilqBHILQ?"}
    old = (constructor, "numpy.core.multiarray.scalar")
    return [constructor, old, np.dtype, *dtypes]


def _reason(error):
    """Describes in a line why PyTorch refused a file."""
    code = re.search(r"GLOBAL (\S+) was not|(TorchScript)", str(error))
    if code:
        return (
            f"holds more than weights ({code[1] or code[2]}), which is not run here. "
            "Where its code is, save them alone: "
            "torch.save(model.state_dict(), 'weights.pth')"
        )
    # Only RuntimeErrors, of damaged files, are of use: others name a byte, or advise
    # to run the code.
    text = str(error).splitlines()[0] if isinstance(error, RuntimeError) else ""
    return f"is no readable PyTorch checkpoint. {text}".strip()
