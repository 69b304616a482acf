"""Scores as plain text tables.

Columns are as wide as the names in them, whatever the joints of a skeleton are called.
"""

from math import isnan

from keras_hourglass.evaluation.bootstrap import LEVEL, RESAMPLES
from keras_hourglass.evaluation.error_kinds import KINDS
from keras_hourglass.inference.oks import AREA_OF_BOX
from keras_hourglass.utils import format_table

NO_VALUE = "\N{EN DASH}"


def format_scores(name, scores: dict) -> str:
    """Formats the scores of a model or a file.

    Args:
        name: Its name.
        scores: `Evaluation.scores`, or its `to_dict()`.
    """
    thresholds, measure = scores["thresholds"], scores["measure"]
    title, last = measure["name"], max(measure["thresholds"])
    header = [f"at {threshold}" for threshold in thresholds]
    parts = [*thresholds.values()]
    columns = [
        [column, *(format_number(part["columns"][column]) for part in parts)]
        for column in parts[0]["columns"]
    ]
    means = [
        [
            convention,
            *(_mean(part, convention) for part in parts),
            format_number(scores["area"][convention]),
        ]
        for convention in scores["conventions"]
    ]
    legend = [
        f"{convention}: {description}"
        for convention, description in scores["conventions"].items()
    ]
    return "\n".join(
        [
            f"{name}: {scores['people']:,} people, {scores['joints']:,} joints",
            "",
            format_table([f"{title}, %", *header], columns),
            "",
            format_table([f"mean {title}, %", *header, "area"], means),
            "",
            f"{title}: joints with an error of at most that share of the "
            f"{measure['reference']}",
            *legend,
            f"area: mean height of the curve from 0 to {last}",
            f"In parentheses: {LEVEL} % of {RESAMPLES:,} bootstraps over people.",
            *_other_lines(scores),
            "",
        ]
    )


def format_comparison(comparison: dict) -> str:
    """Formats one comparison of `compare_models`."""
    thresholds = comparison["thresholds"]
    names = [*next(iter(thresholds.values()))]
    rows = [
        [
            convention,
            *(
                format_with_interval(*held[convention].values(), "+")
                for held in thresholds.values()
            ),
        ]
        for convention in names
    ]
    header = [comparison["measure"], *(f"at {threshold}" for threshold in thresholds)]
    title = f"{comparison['second']} less {comparison['first']}, percentage points, "
    return f"{title}on the same people\n\n{format_table(header, rows)}\n"


def describe_oks(oks: dict) -> str:
    """Describes the people, joints, sigmas and areas of `oks.evaluate_oks`."""
    parts = [
        f"{oks['people']:,} people in given windows",
        f"{len(oks['joints'])} joints",
        oks["sigmas"],
    ]
    if estimated := oks["estimated_areas"]:
        parts.append(f"{estimated:,} areas taken as {AREA_OF_BOX} of the box")
    if left_out := oks["without_area"]:
        parts.append(f"{left_out:,} without an area left out")
    return ", ".join(parts)


def describe_errors(kinds: dict) -> str:
    """Describes the errors that `error_kinds.error_kinds` counted, in one line."""
    parts = [
        f"{name} ({KINDS[name].title}) "
        + format_number(None if name in kinds["unknown"] else part["percent"])
        for name, part in kinds["total"].items()
    ]
    return f"Errors above {kinds['threshold']}, % of scored joints: {', '.join(parts)}"


def describe_unreadable(messages) -> str:
    """Counts the images that could not be read, and shows the first message."""
    return f"{len(messages):,} images could not be read, first: {messages[0]}"


def _other_lines(scores):
    if scores.get("offset"):
        x, y = (format_number(v, 3, "+") for v in scores["offset"])
        yield f"\nMean signed error: x {x}, y {y} heatmap pixels"
    if torso := scores.get("torso"):
        means = ", ".join(
            f"{name} {format_number(value, 1)}"
            for name, value in torso["means"].items()
        )
        yield f"PCK@{torso['threshold']} ({torso['description']}): {means}"
    if oks := scores.get("oks"):
        values = ", ".join(f"{n} {oks[n]:.3f}" for n in _OKS_NAMES if n in oks)
        yield f"OKS: {values} ({describe_oks(oks)})"
    if kinds := scores.get("error_kinds"):
        yield describe_errors(kinds)
    if skipped := scores.get("skipped"):
        yield skipped
    if unreadable := scores.get("unreadable"):
        yield describe_unreadable(unreadable)


_OKS_NAMES = ("AP", "AP50", "AP75", "AR", "mean")


def _is_unknown(value):
    return value is None or isnan(value)


def format_number(value, digits: int = 2, sign: str = "") -> str:
    """Formats a number; None and NaN are a dash. `sign` is "+" for differences."""
    # "z": what rounds to zero is 0.0, not -0.0
    return NO_VALUE if _is_unknown(value) else f"{value:{sign}z.{digits}f}"


def format_with_interval(value, interval, sign: str = "") -> str:
    """Formats a number with its interval in parentheses, where that is known."""
    text = format_number(value, sign=sign)
    if interval is None:
        return text
    low, high = (format_number(bound, 1, sign) for bound in interval)
    return f"{text} ({low} to {high})"


def _mean(part, convention):
    return format_with_interval(
        part["means"][convention], part["intervals"][convention]
    )
