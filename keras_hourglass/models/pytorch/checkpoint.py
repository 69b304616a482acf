"""PyTorch's files of weights, read without running what they hold, and written."""

import re
from collections.abc import Mapping

import numpy as np

from keras_hourglass.utils import atomic_write

STATE_DICT = (
    "state_dict"  # where training scripts keep the weights, beside other things
)
PREFIX = "module."  # of all names, where several GPUs trained
STEPS = "num_batches_tracked"  # of a norm: counted by PyTorch, used by no hourglass


def read_checkpoint(path) -> dict[str, np.ndarray]:
    """Name -> array, float32, of a checkpoint.

    Raises:
        FileNotFoundError: If there is no such file.
        ImportError: If PyTorch is not installed.
        ValueError: If it is no checkpoint, or holds more than weights and numbers.
    """
    torch = _torch()
    try:
        with torch.serialization.safe_globals(_numpy_scalars()):
            held = torch.load(path, map_location="cpu", weights_only=True)
    except OSError:
        raise
    except Exception as error:  # whatever a file of another kind provokes
        raise ValueError(f"{path} {_reason(error)}") from error
    if isinstance(held, Mapping):
        held = held.get(STATE_DICT, held)
    tensors = held.items() if isinstance(held, Mapping) else ()
    arrays = {
        str(name).removeprefix(PREFIX): tensor.detach().float().numpy()
        for name, tensor in tensors
        if torch.is_tensor(tensor) and not str(name).endswith(STEPS)
    }
    if not arrays:
        raise ValueError(
            f"{path} must hold weights by name, or have them in {STATE_DICT!r}. "
            f"Received: a {type(held).__name__} without"
        )
    return arrays


def write_checkpoint(path, arrays: dict[str, np.ndarray]):
    """Writes what `load_state_dict` takes: name -> tensor.

    Raises:
        ImportError: If PyTorch is not installed.
    """
    torch = _torch()
    tensors = {}
    for name, array in arrays.items():
        tensors[name] = torch.from_numpy(np.array(array, "float32", order="C"))
        if name.endswith("running_var"):
            tensors[name.replace("running_var", STEPS)] = torch.tensor(0)
    with atomic_write(path) as beside:
        torch.save(tensors, beside)


def _torch():
    try:
        import torch
    except ImportError as error:
        raise ImportError(
            "PyTorch reads and writes its checkpoints: "
            "pip install 'keras-hourglass[torch]'"
        ) from error
    return torch


def _numpy_scalars():
    """What makes a NumPy number: many a script keeps its best score beside weights.

    Its maker was called otherwise before NumPy 2, when most were written.
    """
    maker = np.float64(0).__reduce__()[0]
    kinds = {type(np.dtype(code)) for code in np.typecodes["AllFloat"] + "bhilqBHILQ?"}
    return [maker, (maker, "numpy.core.multiarray.scalar"), np.dtype, *kinds]


def _reason(error):
    """Why PyTorch refused a file, in a line."""
    code = re.search(r"GLOBAL (\S+) was not|(TorchScript)", str(error))
    if code:
        return (
            f"holds more than weights ({code[1] or code[2]}), which is not run here. "
            "Where its code is, save them alone: "
            "torch.save(model.state_dict(), 'weights.pth')"
        )
    # Of a damaged file it says so; of others it names a byte, or advises to run them.
    said = str(error).splitlines()[0] if isinstance(error, RuntimeError) else ""
    return f"is no readable PyTorch checkpoint. {said}".strip()
