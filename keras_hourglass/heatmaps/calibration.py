"""Calibration of scores: from the peak of a heatmap to a probability.

A network that is trained by squared error on narrow Gaussians has peaks that
understate: of the joints with a peak of 0.5, far more than half are correct. The
calibrated score is the probability that a labeled joint is correct: PCKh at 0.5, or the
threshold of the skeleton's measure. A calibration is (slope, intercept), one for all
joints of a network:

    score = 1 / (1 + exp(-(slope * x + intercept))), where x = -ln(1 - peak)

This is Platt scaling of x: Platt, Probabilistic Outputs for Support Vector Machines and
Comparisons to Regularized Likelihood Methods, 1999. It is also beta calibration without
the term ln(peak), whose best factor is 0 for the preset `photo`: Kull, Silva Filho,
Flach, Beta Calibration, AISTATS 2017, http://proceedings.mlr.press/v54/kull17a.html

The same lines run on tensors, by `keras.ops`, and on arrays, by `NUMPY`, without Keras.
`evaluation.calibration` fits the parameters.
"""

import math
from numbers import Real

from keras_hourglass.heatmaps.array_library import keras_ops

MAX_PEAK = 0.99  # higher ones count as this, and those below 0 as 0


def calibrate(peaks, calibration: tuple[float, float] | None, array_library=None):
    """Computes the scores of joints from the peaks of their heatmaps.

    Flip test and scales come before: peaks are those of the averaged heatmaps.

    Args:
        peaks: Of any shape, about 0 to 1; NaN stays NaN.
        calibration: (slope, intercept), see the module; None leaves peaks as scores.
        array_library: `NUMPY` for arrays; by default `keras.ops`.

    Returns:
        Scores of the same shape, 0 to 1, which grow with the peaks.
    """
    if calibration is None:
        return peaks
    ops, (slope, intercept) = array_library or keras_ops(), calibration
    logits = slope * stretch_peaks(peaks, ops) + intercept
    return 1 / (1 + ops.exp(-logits))


def stretch_peaks(peaks, array_library=None):
    """Computes -ln(1 - peak), of which the logit of a score is a linear function."""
    ops = array_library or keras_ops()
    return -ops.log(1 - ops.clip(peaks, 0, MAX_PEAK))


def validate_calibration(calibration) -> tuple[float, float] | None:
    """Checks a calibration, (slope, intercept) or None, and returns it as floats.

    Raises:
        ValueError: If it is not two finite numbers, or scores would not grow with
            the peaks: the slope must be above 0.
    """
    if calibration is None:
        return None
    if (
        not isinstance(calibration, tuple | list)
        or len(calibration) != 2
        or not all(isinstance(x, Real) and math.isfinite(x) for x in calibration)
        or calibration[0] <= 0
    ):
        raise ValueError(
            "`calibration` must be two finite numbers, (slope, intercept), the slope "
            "above 0, so that scores grow with the peaks, or None. "
            f"Received: calibration={calibration!r}"
        )
    slope, intercept = map(float, calibration)
    return slope, intercept
