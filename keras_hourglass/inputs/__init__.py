"""What people want joints to be found in: pictures, videos, cameras."""

from keras_hourglass.inputs.shots import Shot, shots
from keras_hourglass.inputs.sources import DRAWN, Source, sources

__all__ = ["DRAWN", "Shot", "Source", "shots", "sources"]
