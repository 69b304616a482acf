"""Metrics: `PCKh` of joints."""

from keras_hourglass.metrics.pckh import PCKh as PCKh
