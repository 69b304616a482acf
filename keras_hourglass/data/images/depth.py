"""Bit depth: channels of 16 bits are reduced to 8, by the depth that their values have.

Cameras, microscopes and scanners store values of 10, 12 or 14 bits in files and arrays
of 16. Read as 16 bits, they would be nearly black, so the largest value decides.
"""

import logging

import numpy as np

logger = logging.getLogger(__name__)
_noted = set()  # depths of which a note was logged


def depth_of(largest: int) -> int:
    """Returns the depth of values up to `largest`: 8, 10, 12, 14 or 16 bits."""
    bits = max(8, int(largest).bit_length())
    return bits + bits % 2


def to_8_bit(pixels: np.ndarray, name) -> np.ndarray:
    """Reduces an image to 8 bits: the upper 8 of the bits that its values need.

    Files, PIL images and arrays all pass through here. The first image of each depth
    below 16 is logged.

    Args:
        pixels: uint16 array of any shape.
        name: Path or name of the image, for the note.

    Returns:
        uint8 array of the same shape.
    """
    largest = pixels.max(initial=0)
    depth = depth_of(largest)
    if depth < 16 and depth not in _noted:
        _noted.add(depth)
        logger.warning(
            "%s: the largest value of its 16-bit channels is %s: read as %s-bit data, "
            "and so are other images like it",
            *(name, f"{largest:,}", depth),
        )
    return (pixels >> (depth - 8)).astype(np.uint8)
