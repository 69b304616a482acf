"""Heatmaps: encoding of joints, decoding of keypoints, and training labels.

A heatmap is `(..., height, width, joints)`; its grid's size is (width, height). The
names of the decoders stand here, so that they can be read without Keras.
"""

from keras_hourglass.utils import suggest

DECODER_NAMES = ("argmax", "quarter", "newton", "dark")  # the keys of decode.DECODERS
DEFAULT_DECODER = "dark"


def validate_decoder(decoder: str) -> str:
    """Returns the name of a decoder, once checked.

    Raises:
        ValueError: If there is no such decoder; suggests the closest name.
    """
    if decoder in DECODER_NAMES:
        return decoder
    raise ValueError(
        f"`decoder` must be a decoder's name. {suggest(decoder, DECODER_NAMES)} "
        f"Received: decoder={decoder!r}"
    )
