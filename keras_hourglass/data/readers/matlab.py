"""MATLAB's structs as SciPy writes them, made of those that it has read.

Reading MATLAB's files, whose reader may crash on damaged ones, at a safe distance.

SciPy's reader of structs trusts what a file says of itself: of 400 files with random
damage, eight ended the whole process. So structs are read by a process of their own.
"""

import pickle
import subprocess
import sys
from zlib import error as ZlibError

import numpy as np
import scipy.io

EMPTY = np.zeros((0, 0))  # what stands in a struct array where one struct lacks a field


def struct_fields(struct) -> dict:
    """Name -> value of a struct that was read."""
    return {name: getattr(struct, name) for name in struct._fieldnames}


def is_struct(value) -> bool:
    """Whether a value that was read is one struct."""
    return hasattr(value, "_fieldnames")


def writable(value):
    """A value that was read, structs within it and all, as `savemat` takes it."""
    if is_struct(value):
        return writable(struct_fields(value))
    if isinstance(value, dict):
        return {name: writable(part) for name, part in value.items()}
    if isinstance(value, np.ndarray) and value.dtype == object:
        parts = [*value.ravel()]
        if parts and all(map(is_struct, parts)):
            return struct_array(map(struct_fields, parts))
        cells = np.empty(len(parts), object)
        cells[:] = [*map(writable, parts)]
        return cells.reshape(value.shape)
    return value


def struct_array(structs) -> np.ndarray:
    """`(1, structs)`: dictionaries as a struct array, which has every field of any."""
    structs = [*map(writable, structs)]
    names = [*dict.fromkeys(name for struct in structs for name in struct)]
    array = np.empty((1, len(structs)), [(name, object) for name in names])
    for place, struct in enumerate(structs):
        for name in names:
            array[0, place][name] = struct.get(name, EMPTY)
    return array


UNREADABLE = (  # what scipy raises for bytes of another kind
    *(ArithmeticError, AttributeError, LookupError, MemoryError, NameError, OSError),
    *(NotImplementedError, TypeError, ValueError, ZlibError),
    scipy.io.matlab.MatReadError,
)
READ_TIMEOUT = 600  # seconds; MPII, the largest there is, takes ten or so
CHILD = """
import pickle, sys, scipy.io
path, variable, squeeze = sys.argv[1:]
try:
    found = scipy.io.loadmat(
        path,
        variable_names=[variable],
        struct_as_record=False,
        squeeze_me=bool(squeeze),
    )[variable]
except Exception as error:
    found = f"{type(error).__name__}: {error}"
pickle.dump(found, sys.stdout.buffer)
"""


def read_mat(path, variable: str, squeeze: bool = False):
    """A variable of a `.mat` file, structs as objects.

    Args:
        path: Of the file.
        variable: Its name.
        squeeze: Whether axes of length 1 are left out.

    Raises:
        ValueError: If there is none, or the file is damaged.
    """
    try:
        kinds = {name: kind for name, _, kind in scipy.io.whosmat(path)}
        if variable not in kinds:
            raise ValueError(f"it holds {sorted(kinds)}")
        if kinds[variable] in ("struct", "cell", "object"):
            return _read_in_child(path, variable, squeeze)
        return scipy.io.loadmat(path, variable_names=[variable], squeeze_me=squeeze)[
            variable
        ]
    except UNREADABLE as error:
        raise ValueError(str(error)) from None


def _read_in_child(path, variable, squeeze):
    """The same, read by another process."""
    command = [sys.executable, "-c", CHILD, str(path), variable, "1" if squeeze else ""]
    try:
        child = subprocess.run(command, capture_output=True, timeout=READ_TIMEOUT)
    except subprocess.TimeoutExpired:
        raise ValueError(f"reading it took over {READ_TIMEOUT} seconds") from None
    if child.returncode:
        raise ValueError("it is damaged so that its reader crashes")
    found = pickle.loads(child.stdout)
    if isinstance(found, str):
        raise ValueError(found)
    return found
