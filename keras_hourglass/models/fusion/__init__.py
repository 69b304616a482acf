"""Fusion of a trained network into its inference form."""

from keras_hourglass.models.fusion.network import FusedHourglass, can_be_fused, fuse

__all__ = ["FusedHourglass", "can_be_fused", "fuse"]
