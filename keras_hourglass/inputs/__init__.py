"""What people want joints to be found in: pictures, videos, cameras."""

from keras_hourglass.inputs.naming import DRAWN, Source, sources
from keras_hourglass.inputs.reading import Shot, shots

__all__ = ["DRAWN", "Shot", "Source", "shots", "sources"]
