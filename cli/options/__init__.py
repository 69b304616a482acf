"""Options that commands share, and their types."""


def with_old_names(names: dict[str, str]) -> dict:
    """Returns settings of a command that takes options by old names, too.

    Args:
        names: Old name -> name, both without dashes.
    """
    return {"token_normalize_func": lambda name: names.get(name, name)}
