"""What to say to someone who named something that there is not."""

from difflib import get_close_matches


def hint(given, choices) -> str:
    """A guess at which of the names was meant; all of them, where none is close."""
    close = get_close_matches(str(given), choices, n=1)
    return f"Did you mean {close[0]!r}?" if close else f"Choose from {[*choices]}."
