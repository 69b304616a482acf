"""Metrics: `PCKh` of joints, `BoxAP` of people and their boxes."""

from keras_hourglass.metrics.box_ap import BoxAP as BoxAP
from keras_hourglass.metrics.pckh import PCKh as PCKh
