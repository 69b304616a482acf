"""The One-Euro filter: still points are smoothed much, fast ones hardly lag.

Casiez, Roussel, Vogel. 1 Euro Filter: A Simple Speed-based Low-pass Filter for Noisy
Input in Interactive Systems, CHI 2012. https://doi.org/10.1145/2207676.2208639
"""

import numpy as np


def share(cutoff, seconds: float):
    """How much a new value counts in a low-pass filter, from 0 to 1.

    Args:
        cutoff: Frequency, Hz.
        seconds: Since the value before.
    """
    return 1 / (1 + 1 / (2 * np.pi * cutoff * seconds))


class OneEuro:
    """Smooths some points over time.

    Args:
        cutoff: Hz, of a point that is still: less trembles less.
        by_speed: Hz that each unit per second adds: more lags less. The unit is that
            of the points.
        speed_cutoff: Hz, of the speed itself.
    """

    def __init__(self, cutoff: float, by_speed: float, speed_cutoff: float = 1.0):
        self.cutoff, self.by_speed = cutoff, by_speed
        self.speed_cutoff = speed_cutoff
        self._points, self._speed = None, None

    def __call__(self, points, seconds: float):
        """The points, smoothed.

        A point that is no finite number stays so; what comes after it starts anew.

        Args:
            points: `(points, 2)`
            seconds: Since the call before; of no meaning in the first.

        Raises:
            ValueError: If no time has passed.
        """
        points = np.asarray(points, float)
        if self._points is None:
            self._points, self._speed = points, np.zeros_like(points)
            return points
        if not seconds > 0:
            raise ValueError(f"`seconds` must be above 0. Received: {seconds=}")
        speed = (points - self._points) / seconds
        kept = share(self.speed_cutoff, seconds)
        speed = self._speed + kept * (speed - self._speed)
        length = np.linalg.norm(speed, axis=-1, keepdims=True)
        kept = share(self.cutoff + self.by_speed * length, seconds)
        smooth = self._points + kept * (points - self._points)
        anew = ~np.isfinite(smooth).all(-1, keepdims=True)
        self._points = np.where(anew, points, smooth)
        self._speed = np.where(anew, 0, speed)
        return self._points
