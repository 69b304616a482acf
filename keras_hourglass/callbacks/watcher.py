"""What all callbacks that warn share: they do it once, not after every epoch."""

import keras


class Watcher(keras.callbacks.Callback):
    """Warns when something begins to be wrong.

    Args:
        say: What prints a line.
    """

    def __init__(self, say=print):
        super().__init__()
        self.say, self.warned = say, False

    def warn(self, wrong: bool, text: str):
        """Says what is wrong, unless that has been said and lasted since."""
        if wrong and not self.warned:
            self.say(f"Warning: {text}")
        self.warned = bool(wrong)
