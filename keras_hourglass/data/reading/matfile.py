"""Reading MATLAB's files, whose reader may crash on damaged ones, at a safe distance.

SciPy's reader of structs trusts what a file says of itself: of 400 files with random
damage, eight ended the whole process. So structs are read by a process of their own.
"""

import pickle
import subprocess
import sys
from zlib import error as ZlibError

import scipy.io

UNREADABLE = (  # what scipy raises for bytes of another kind
    *(ArithmeticError, AttributeError, LookupError, MemoryError, NameError, OSError),
    *(NotImplementedError, TypeError, ValueError, ZlibError),
    scipy.io.matlab.MatReadError,
)
PATIENCE = 600  # seconds; MPII, the largest there is, takes ten or so
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


def read(path, variable: str, squeeze: bool = False):
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
            return _apart(path, variable, squeeze)
        return scipy.io.loadmat(path, variable_names=[variable], squeeze_me=squeeze)[
            variable
        ]
    except UNREADABLE as error:
        raise ValueError(str(error)) from None


def _apart(path, variable, squeeze):
    """The same, read by another process."""
    command = [sys.executable, "-c", CHILD, str(path), variable, "1" if squeeze else ""]
    try:
        child = subprocess.run(command, capture_output=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        raise ValueError(f"reading it took over {PATIENCE} seconds") from None
    if child.returncode:
        raise ValueError("it is damaged so that its reader crashes")
    found = pickle.loads(child.stdout)
    if isinstance(found, str):
        raise ValueError(found)
    return found
