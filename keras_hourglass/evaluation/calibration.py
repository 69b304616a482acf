"""Calibration of scores: of the joints with score 0.7, 70 % should be correct.

Guo et al. On Calibration of Modern Neural Networks, ICML 2017.
https://arxiv.org/abs/1706.04599

`heatmaps.calibration` has the function whose parameters are fitted here.
"""

from dataclasses import dataclass

import numpy as np

from keras_hourglass.evaluation.bootstrap import interval
from keras_hourglass.evaluation.conventions import is_scored
from keras_hourglass.heatmaps.array_library import NUMPY
from keras_hourglass.heatmaps.calibration import calibrate, stretch_peaks
from keras_hourglass.skeletons.measures import is_correct

BINS = 10  # of the scores from 0 to 1
MIN_BIN_JOINTS = 30  # of a bin whose deviation counts


def calibration(scores, errors, counts, threshold: float) -> dict:
    """Computes the rate of correct joints among those of similar score.

    Args:
        scores: `(people, joints)`, clipped to 0 to 1; NaN counts as 0.
        errors: `(people, joints)`, in reference lengths; NaN where not scored.
        counts: The output of `bootstrap.resample_counts` for as many people.
        threshold: Largest error of a correct joint, in reference lengths.

    Returns:
        A dictionary of "bins", with "low" and "high" of the scores, the number of
        "joints", their mean "score", the percentage "correct" and its "interval", for
        each bin that has joints; and "error", the expected calibration error in
        percentage points, weighted by joints.
    """
    scored = is_scored(errors)
    scores = np.clip(np.nan_to_num(scores), 0, 1)
    correct = is_correct(errors, threshold)
    index = np.minimum((scores * BINS).astype(int), BINS - 1)
    bins, total = [], 0.0
    for number in range(BINS):
        inside = scored & (index == number)
        if not inside.any():
            continue
        joints, hits = inside.sum(), inside & correct
        score, rate = float(scores[inside].mean()), 100 * hits.sum() / joints
        total += abs(100 * score - rate) * joints
        per_person, hits_per_person = (m.sum(1).astype("f4") for m in (inside, hits))
        with np.errstate(invalid="ignore"):
            rates = 100 * (counts @ hits_per_person) / (counts @ per_person)
        bins.append(
            {
                "low": number / BINS,
                "high": (number + 1) / BINS,
                "joints": int(joints),
                "score": score,
                "correct": float(rate),
                "interval": interval(rates),
            }
        )
    return {"bins": bins, "error": float(total / max(1, scored.sum()))}


@dataclass(frozen=True)
class CalibrationFit:
    """A calibration that was fitted to people, and its deviations.

    A deviation is the largest difference between the mean score of a bin's joints and
    the share of them that is correct, in percentage points, of bins of 30 joints or
    more.

    Attributes:
        calibration: (slope, intercept); see `heatmaps.calibration`.
        joints: Number of joints that it was fitted to.
        correct: How many of them are correct.
        of_peaks: Deviation of the peaks as scores.
        fitted: That of the calibrated scores.
        cross_validated: That of scores by calibrations that were fitted to the other
            half of the people; NaN where a half cannot be fitted.
    """

    calibration: tuple[float, float]
    joints: int
    correct: int
    of_peaks: float
    fitted: float
    cross_validated: float

    def __str__(self):
        slope, intercept = self.calibration
        return (
            f"Calibration: slope {slope:g}, intercept {intercept:g}, fitted to "
            f"{self.joints:,} joints, {self.correct:,} of them correct\n"
            "Largest deviation of scores from the share of correct joints, in bins of "
            f"{MIN_BIN_JOINTS} joints or more: {self.fitted:.1f} points; in two-fold "
            f"cross-validation over people {self.cross_validated:.1f}; of the peaks "
            f"{self.of_peaks:.1f}"
        )


def fit_calibration(evaluations) -> CalibrationFit:
    """Fits a calibration of a model's scores of joints to the people of evaluations.

    To their peaks, whatever the calibration of the model was. People of the training
    are more often correct than others: take those of validation.

    Args:
        evaluations: One or more results of `kh.evaluate`, of one model.

    Returns:
        A `CalibrationFit`; printed, how far scores are from the share of joints that
        is correct. Its `calibration` may be set as that of a `StackedHourglass`.

    Raises:
        ValueError: If higher peaks are not more often correct, models differ, or an
            evaluation is of a file of predictions.

    Example:

    ```python
    import keras_hourglass as kh

    model = kh.load_model("photo")
    people = kh.load_dataset("synthetic", "20").split("val")
    fit = kh.evaluate(model, people).fit_calibration()
    print(fit)
    model.calibration = fit.calibration
    model.save("calibrated.keras")
    ```
    """
    names = {each.name: each.skeleton for each in evaluations}
    if len(names) != 1 or any(each.predictions.peaks is None for each in evaluations):
        raise ValueError(
            "`evaluations` must be of one model, and not of given joints or a file, "
            f"for a calibration. Received: {', '.join(names) or 'none'}"
        )
    (skeleton,) = names.values()
    rows = {}  # name of a person, who may be in several evaluations -> a number
    persons = [
        rows.setdefault(name, len(rows))
        for each in evaluations
        for name in each.people.names
    ]
    return fit_peaks(
        np.concatenate([each.predictions.peaks for each in evaluations]),
        np.concatenate([each.predictions.errors for each in evaluations]),
        skeleton.measure.threshold,
        np.array(persons, int),
    )


def fit_peaks(peaks, errors, threshold: float, persons=None) -> CalibrationFit:
    """Fits a calibration by maximum likelihood, with the targets of Platt.

    Args:
        peaks: `(people, joints)`, of the heatmaps; NaN counts as 0.
        errors: `(people, joints)`, in reference lengths; NaN where not scored.
        threshold: Largest error of a correct joint, in reference lengths.
        persons: `(people,)`, numbers from 0: rows of one number are of one person, and
            in the same half. By default each is of another.

    Raises:
        ValueError: If joints with higher peaks are not more often correct.
    """
    scored, peaks = is_scored(errors), np.nan_to_num(np.asarray(peaks, float))
    correct = is_correct(errors, threshold)
    fitted = _fit(peaks[scored], correct[scored])
    held_out = np.zeros_like(peaks)
    persons = np.arange(len(peaks)) if persons is None else persons
    half = (
        np.random.default_rng(0).permutation(persons.max(initial=-1) + 1)[persons] % 2
    )
    for number in (0, 1):
        others = scored & (half != number)[:, None]
        rows = half == number
        try:
            calibration = _fit(peaks[others], correct[others])
        except ValueError:  # of few people, one half may say nothing
            held_out[rows] = np.nan
        else:
            held_out[rows] = calibrate(peaks[rows], calibration, NUMPY)
    return CalibrationFit(
        calibration=fitted,
        joints=int(scored.sum()),
        correct=int((scored & correct).sum()),
        of_peaks=_deviation(peaks, errors, threshold),
        fitted=_deviation(calibrate(peaks, fitted, NUMPY), errors, threshold),
        cross_validated=_deviation(held_out, errors, threshold),
    )


def _fit(peaks, correct) -> tuple[float, float]:
    """Fits (slope, intercept) to some joints: their peaks, and which are correct."""
    from scipy.optimize import minimize  # takes time

    hits, stretched = correct.sum(), stretch_peaks(peaks, NUMPY)
    # Not 0 and 1: the parameters stay finite where peaks tell all joints apart.
    low, high = 1 / (len(correct) - hits + 2), (hits + 1) / (hits + 2)
    targets = np.where(correct, high, low)

    def loss(parameters):
        """The mean cross-entropy and its gradient."""
        slope, intercept = parameters
        logits = slope * stretched + intercept
        rest = 1 / (1 + np.exp(-logits)) - targets
        entropy = np.logaddexp(0, logits) - targets * logits
        return entropy.mean(), np.array([(rest * stretched).mean(), rest.mean()])

    slope = intercept = 0.0
    if len(correct):
        slope, intercept = minimize(loss, (1.0, 0.0), jac=True).x.round(4).tolist()
    if not slope > 0:
        raise ValueError(
            "`peaks` must be higher where joints are more often correct, for a "
            f"calibration. Received: {len(correct):,} joints, {hits:,} of them correct"
        )
    return slope, intercept


def _deviation(scores, errors, threshold) -> float:
    """Computes the largest deviation of a bin; see `CalibrationFit`. 0 without any.

    NaN if a score is.
    """
    if np.isnan(scores).any():
        return np.nan
    no_resamples = np.ones((1, len(errors)), "f4")
    bins = calibration(scores, errors, no_resamples, threshold)["bins"]
    return max(
        (
            abs(100 * part["score"] - part["correct"])
            for part in bins
            if part["joints"] >= MIN_BIN_JOINTS
        ),
        default=0.0,
    )
