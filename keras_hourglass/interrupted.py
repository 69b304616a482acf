"""What becomes of Ctrl-C where work is kept."""


class Interrupted(Exception):
    """Work was stopped by hand. All is kept; the message says how to go on."""
