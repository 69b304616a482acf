"""A trained network in its inference form: the same heatmaps, sooner."""

from keras_hourglass.models.fusion.network import FusedHourglass, can_be_fused, fuse

__all__ = ["FusedHourglass", "can_be_fused", "fuse"]
