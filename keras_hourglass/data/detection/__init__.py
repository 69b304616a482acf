"""Data of person detection: whole photographs with the boxes of all their people."""

from keras_hourglass.data.detection.photographs import (
    Photograph,
    Photographs,
    concatenate,
)

__all__ = ["Photograph", "Photographs", "concatenate"]
