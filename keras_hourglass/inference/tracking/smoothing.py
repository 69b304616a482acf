"""Smoothing of points in videos: the One-Euro filter.

Casiez, Roussel, Vogel. 1 Euro Filter: A Simple Speed-based Low-pass Filter for Noisy
Input in Interactive Systems, CHI 2012. https://doi.org/10.1145/2207676.2208639
"""

import numpy as np

CUTOFF = 1.0  # Hz
CUTOFF_SLOPE = 8.0  # Hz for each length of the person per second


def smoothing_factor(cutoff, seconds: float):
    """The weight of a new value in a low-pass filter, from 0 to 1.

    Args:
        cutoff: Frequency, Hz.
        seconds: Time since the previous value.
    """
    return 1 / (1 + 1 / (2 * np.pi * cutoff * seconds))


class OneEuro:
    """The One-Euro filter of points: strong for still points, quick for fast ones.

    Args:
        cutoff: Cutoff frequency of a still point, Hz: a lower one smooths more.
        slope: Increase of the cutoff with speed, Hz per unit and second: a higher one
            lags less. The unit is that of the points.
        speed_cutoff: Cutoff frequency of the speed itself, Hz.

    Attributes:
        speed: `(points, 2)`, of the points, units per second; None before the first
            call.
    """

    def __init__(self, cutoff: float, slope: float, speed_cutoff: float = 1.0):
        self.cutoff, self.slope, self.speed_cutoff = cutoff, slope, speed_cutoff
        self._points = self.speed = None

    def __call__(self, points, seconds: float):
        """Smooths the points of one frame.

        A point that is not finite stays so, and the next one starts anew.

        Args:
            points: `(points, 2)`
            seconds: Time since the previous call; ignored in the first.

        Returns:
            `(points, 2)`

        Raises:
            ValueError: If `seconds` is not above 0.
        """
        points = np.asarray(points, float)
        if self._points is None:
            self._points, self.speed = points, np.zeros_like(points)
            return points
        if not seconds > 0:
            raise ValueError(f"`seconds` must be above 0. Received: {seconds=}")
        speed = (points - self._points) / seconds
        factor = smoothing_factor(self.speed_cutoff, seconds)
        speed = self.speed + factor * (speed - self.speed)
        length = np.linalg.norm(speed, axis=-1, keepdims=True)
        factor = smoothing_factor(self.cutoff + self.slope * length, seconds)
        smooth = self._points + factor * (points - self._points)
        restart = ~np.isfinite(smooth).all(-1, keepdims=True)
        self._points = np.where(restart, points, smooth)
        self.speed = np.where(restart, 0, speed)
        return self._points
