"""Validation that breaks down while training goes well."""

from keras_hourglass.callbacks.watcher import Watcher

SHARE = 0.5  # of the training's PCKh that validation should reach
BEGUN = 10.0  # percent of PCKh in training, below which there is nothing to compare


class CollapsedValidation(Watcher):
    """Warns if PCKh rises in training and is far lower in validation.

    What differs most between the two is batch normalization, which validates with
    running means: of few people, or of weights that have moved on, they are wrong.

    Args:
        say: What prints a line.
        share: Of `pckh`, which `val_pckh` should reach.
    """

    def __init__(self, say=print, share: float = SHARE):
        super().__init__(say)
        self.share, self.highest = share, 0.0

    def on_epoch_end(self, epoch, logs=None):
        logs = logs or {}
        if not {"pckh", "val_pckh"} <= logs.keys():
            return
        pckh, validated = logs["pckh"], logs["val_pckh"]
        rising = pckh >= max(BEGUN, self.highest)
        self.highest = max(self.highest, pckh)
        self.warn(
            (rising or self.warned) and validated < self.share * pckh,
            f"val_pckh is {validated:.1f} where pckh is {pckh:.1f} in training. The "
            "statistics of batch normalization have not settled: take larger batches, "
            "or a lower learning rate. After many epochs, the people may be learnt by "
            "heart: take more of them, or vary them more.",
        )
