"""A trained network in its inference form: the same heatmaps, sooner."""

from keras_hourglass.fuse.network import FusedHourglass, fuse

__all__ = ["FusedHourglass", "fuse"]
