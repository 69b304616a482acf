"""Training ends where its loss is no number any more, before that is saved."""

import keras
import numpy as np

NAMED = 8  # people of a batch


class NotFinite(ArithmeticError):
    """A loss was NaN or infinite; the message says when, and whose batch it was."""


class FiniteLoss(keras.callbacks.Callback):
    """Ends `fit` with `NotFinite` as soon as a loss is NaN or infinite.

    It raises, where Keras's `TerminateOnNaN` lets `fit` run on to the end of the epoch,
    with a validation and whatever saves then. So put it before callbacks that save.

    Args:
        people: (epoch, batch), counted from 0 -> names of the batch's people, for the
            message.

    Raises:
        NotFinite: From `fit`.
    """

    # A look at each batch costs no wait of its own. Keras turns the logs into floats
    # before any callback sees them (its progress bar always does). On TensorFlow that
    # is done at once. On JAX and PyTorch it is done in other threads, while the device
    # goes on, unless a callback that looks at batches lacks this attribute: then each
    # step waits for the one before. The loss comes a few steps late there, with its
    # own batch's number, and at the latest when the epoch ends.
    async_safe = True

    def __init__(self, people=None):
        super().__init__()
        self.people, self.epoch, self.batch = people, 0, 0

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        # A running mean, but of numbers: where one is not, it is not from there on.
        loss = (logs or {}).get("loss", 0.0)
        if not np.isfinite(loss):
            self._stop(f"The loss is {loss} in batch {batch + 1}", batch)
        self.batch = batch

    def on_epoch_end(self, epoch, logs=None):
        """What the last step did to the weights shows in the validation alone."""
        for name in ("loss", "val_loss"):
            value = (logs or {}).get(name, 0.0)
            if not np.isfinite(value):
                self._stop(f"{name} is {value} at the end", self.batch)

    def _stop(self, what, batch):
        # The batch before made the step that this one shows.
        batches = [b for b in (batch, batch - 1) if b >= 0]
        names = [_listed(self.people(self.epoch, b)) for b in batches if self.people]
        of = "; before them: ".join(names)
        raise NotFinite(
            f"{what} of epoch {self.epoch + 1}: stopped, and what was saved is as it "
            "was. Lower the learning rate, or look at the people of that batch"
            + (f": {of}" if of else "")
        )


def finite_weights(model) -> bool:
    """Whether all weights of a model are numbers: others are not worth saving."""
    return all(np.isfinite(weight).all() for weight in model.get_weights())


def _listed(names) -> str:
    names = list(map(str, names))
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
