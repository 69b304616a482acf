"""What a report says of a network beside its scores."""

from keras_hourglass.data.people import People
from keras_hourglass.evaluation.calibration import calibration
from keras_hourglass.evaluation.groups import by_group
from keras_hourglass.evaluation.joints import by_joint
from keras_hourglass.evaluation.looking import Found
from keras_hourglass.evaluation.scoring import CURVE, curves


def details(found: Found, people: People, drawn) -> dict:
    """What there is to say beside `score`.

    Args:
        found: What a network found on them.
        people: With the network's skeleton.
        drawn: What `bootstrap.draws` gives for as many people.

    Returns:
        "by_joint", "groups" and "calibration", as the functions of those names say;
        and "curve", with "thresholds" and the percents of each convention.
    """
    errors, skeleton = found.errors, people.skeleton
    return {
        "curve": {"thresholds": CURVE.tolist(), **curves(errors, skeleton)},
        "by_joint": by_joint(errors, skeleton, drawn),
        "groups": by_group(errors, people, drawn),
        "calibration": calibration(found.scores, errors, drawn),
    }
