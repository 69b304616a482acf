"""MATLAB's structs as SciPy writes them, made of those that it has read."""

import numpy as np

EMPTY = np.zeros((0, 0))  # what stands in a struct array where one struct lacks a field


def fields(struct) -> dict:
    """Name -> value of a struct that was read."""
    return {name: getattr(struct, name) for name in struct._fieldnames}


def is_struct(value) -> bool:
    """Whether a value that was read is one struct."""
    return hasattr(value, "_fieldnames")


def writable(value):
    """A value that was read, structs within it and all, as `savemat` takes it."""
    if is_struct(value):
        return writable(fields(value))
    if isinstance(value, dict):
        return {name: writable(part) for name, part in value.items()}
    if isinstance(value, np.ndarray) and value.dtype == object:
        parts = [*value.ravel()]
        if parts and all(map(is_struct, parts)):
            return struct_array(map(fields, parts))
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
