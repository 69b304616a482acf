"""Losses: `HeatmapLoss` of joints, `CenterLoss` of people and their boxes."""

from keras_hourglass.losses.centers import CenterLoss as CenterLoss
from keras_hourglass.losses.heatmaps import HeatmapLoss as HeatmapLoss
