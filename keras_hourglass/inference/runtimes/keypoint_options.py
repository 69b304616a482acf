"""Options of keypoint prediction that evaluation and the command share."""

import math
from dataclasses import dataclass

from keras_hourglass.heatmaps import DEFAULT_DECODER, validate_decoder
from keras_hourglass.models.config import validate_positive_integers
from keras_hourglass.utils import suggest

ON_BROKEN_IMAGE = ("error", "skip")


def validate_scales(scales) -> tuple[float, ...]:
    """Returns factors of windows' edges as a tuple, once checked.

    Raises:
        ValueError: If they are not one or more numbers above 0.
    """
    try:
        factors = tuple(scales)
        valid = factors and all(0 < factor < math.inf for factor in factors)
    except TypeError:  # a number alone, or no numbers
        valid = False
    if not valid:
        raise ValueError(
            "`scales` must be a tuple of numbers above 0, one or more. "
            f"Received: scales={scales!r}"
        )
    return factors


@dataclass(frozen=True)
class KeypointOptions:
    """Options of keypoint prediction that evaluation and the command share.

    Args:
        flip: Averages the heatmaps with those of the mirrored image (flip test).
        decoder: A key of `heatmaps.DECODERS`.
        batch_size: People per call of the network.
        broken: What to do with an image that cannot be read: "error" or "skip".

    Raises:
        ValueError: If a value is none of these.
    """

    flip: bool = False
    decoder: str = DEFAULT_DECODER
    batch_size: int = 8
    broken: str = "error"

    def __post_init__(self):
        validate_decoder(self.decoder)
        validate_positive_integers(batch_size=self.batch_size)
        if self.broken not in ON_BROKEN_IMAGE:
            raise ValueError(
                f"`broken` must be one of {ON_BROKEN_IMAGE}. "
                f"{suggest(self.broken, ON_BROKEN_IMAGE)} "
                f"Received: broken={self.broken!r}"
            )
