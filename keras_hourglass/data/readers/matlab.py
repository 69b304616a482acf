"""MATLAB files: reading variables safely, and struct arrays to write.

SciPy's reader of structs trusts the sizes that a file claims: of 400 files with random
damage, 8 crashed the process. So structs are read in a child process.
"""

import pickle
import subprocess
import sys
from zlib import error as ZlibError

import numpy as np

UNREADABLE = (  # errors that SciPy raises for files of another kind
    *(ArithmeticError, AttributeError, LookupError, MemoryError, NameError, OSError),
    *(NotImplementedError, TypeError, ValueError, ZlibError),
)
READ_TIMEOUT = 600  # seconds; MPII, the largest dataset, takes ten or so
READ_STRUCTS = """
import pickle, sys, scipy.io
path, variable, squeeze = sys.argv[1:]
options = {"struct_as_record": False, "squeeze_me": bool(squeeze)}
value = scipy.io.loadmat(path, variable_names=[variable], **options)[variable]
pickle.dump(value, sys.stdout.buffer)
"""


def read_mat(path, variable: str, squeeze: bool = False):
    """Reads a variable of a `.mat` file.

    Args:
        path: Of the file.
        variable: Its name.
        squeeze: Whether to remove axes of length 1.

    Returns:
        An array; structs are objects with their fields as attributes.

    Raises:
        ValueError: If there is no such variable, or the file is damaged.
    """
    import scipy.io  # not needed at import: it takes time

    try:
        kinds = {name: kind for name, _, kind in scipy.io.whosmat(path)}
        if variable not in kinds:
            raise ValueError(f"it holds {sorted(kinds)}")
        if kinds[variable] in ("struct", "cell", "object"):
            return _read_in_child(path, variable, squeeze)
        contents = scipy.io.loadmat(path, variable_names=[variable], squeeze_me=squeeze)
        return contents[variable]
    except (*UNREADABLE, scipy.io.matlab.MatReadError) as error:
        raise ValueError(str(error)) from None


def _read_in_child(path, variable, squeeze):
    command = [sys.executable, "-c", READ_STRUCTS, str(path), variable, "1" * squeeze]
    try:
        child = subprocess.run(command, capture_output=True, timeout=READ_TIMEOUT)
    except subprocess.TimeoutExpired:
        raise ValueError(f"reading it took over {READ_TIMEOUT} seconds") from None
    if child.returncode == 0:
        return pickle.loads(child.stdout)
    lines = child.stderr.decode(errors="replace").split("\n")
    if child.returncode == 1 and len(lines) > 1:
        raise ValueError(lines[-2])  # the last of a traceback: type and message
    raise ValueError("it is damaged: the MATLAB reader crashed")


EMPTY = np.zeros((0, 0))  # value of a field that a struct of a struct array lacks


def is_struct(value) -> bool:
    """Returns whether a value from `read_mat` is a single struct."""
    return hasattr(value, "_fieldnames")


def struct_fields(struct) -> dict:
    """Returns the fields of a struct from `read_mat`, name -> value."""
    return {name: getattr(struct, name) for name in struct._fieldnames}


def struct_array(structs) -> np.ndarray:
    """Makes a struct array for `savemat` of dictionaries, with every field of any.

    Args:
        structs: Dictionaries, whose values may come from `read_mat`.

    Returns:
        `(1, structs)` structured array.
    """
    structs = [*map(to_writable, structs)]
    names = [*dict.fromkeys(name for struct in structs for name in struct)]
    array = np.empty((1, len(structs)), [(name, object) for name in names])
    for index, struct in enumerate(structs):
        for name in names:
            array[0, index][name] = struct.get(name, EMPTY)
    return array


def to_writable(value):
    """Converts a value from `read_mat`, with structs at any depth, for `savemat`."""
    if is_struct(value):
        return to_writable(struct_fields(value))
    if isinstance(value, dict):
        return {name: to_writable(part) for name, part in value.items()}
    if isinstance(value, np.ndarray) and value.dtype == object:
        parts = [*value.ravel()]
        if parts and all(map(is_struct, parts)):
            return struct_array(map(struct_fields, parts))
        cells = np.empty(len(parts), object)
        cells[:] = [*map(to_writable, parts)]
        return cells.reshape(value.shape)
    return value
