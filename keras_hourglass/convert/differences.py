"""What keeps a checkpoint from fitting a network, in a line."""

FIRST = 3  # names of each kind that are said


def between(found: dict, wanted: dict) -> str:
    """The first names that are missing, unexpected, or of another shape.

    Args:
        found: Name -> array, of the checkpoint.
        wanted: Name -> array, of the network.

    Returns:
        Nothing, where they are the same.
    """
    kinds = {
        "missing": [name for name in wanted if name not in found],
        "unexpected": [name for name in found if name not in wanted],
        "of another shape": [
            f"{name} {found[name].shape}, not {array.shape}"
            for name, array in wanted.items()
            if name in found and found[name].shape != array.shape
        ],
    }
    return "; ".join(
        f"{len(names):,} {kind}: {', '.join(names[:FIRST])}"
        + (", ..." if len(names) > FIRST else "")
        for kind, names in kinds.items()
        if names
    )
