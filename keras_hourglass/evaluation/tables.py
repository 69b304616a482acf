"""Scores as plain text tables.

Columns are as wide as the names in them, whatever the joints of a skeleton are called.
"""

from math import isnan

from keras_hourglass.evaluation.bootstrap import LEVEL, RESAMPLES
from keras_hourglass.evaluation.breakdowns import EVERYONE
from keras_hourglass.evaluation.conventions import LIMBS, STANDARD, group_convention
from keras_hourglass.evaluation.error_kinds import KINDS
from keras_hourglass.evaluation.scoring import main_scores, main_threshold
from keras_hourglass.inference.oks import AREA_OF_BOX
from keras_hourglass.utils import format_table

NO_VALUE = "\N{EN DASH}"


def format_scores(title, scores: dict) -> str:
    """Formats the scores of a model or a file.

    Args:
        title: `Evaluation.title`.
        scores: `Evaluation.scores`, or its `to_dict()`.
    """
    thresholds, measure = scores["thresholds"], scores["measure"]
    name, last = measure["name"], max(measure["thresholds"])
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
            f"{title}: {scores['people']:,} people, {scores['joints']:,} joints",
            "",
            format_table([f"{name}, %", *header], columns),
            "",
            format_table([f"mean {name}, %", *header, "area"], means),
            "",
            f"{name}: joints with an error of at most that share of the "
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
    title += "on the same people" + "".join(
        f"{word} {comparison[key]}"
        for word, key in ((" of", "dataset"), (",", "windows"))
        if comparison.get(key)
    )
    return f"{title}\n\n{format_table(header, rows)}\n"


def describe_oks(oks: dict) -> str:
    """Describes the people, joints, sigmas and areas of `oks.evaluate_oks`."""
    parts = [
        f"one pose for each of {oks['people']:,} people",
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


def describe_found(scores: dict) -> str:
    """Describes a detector's boxes: PCKh of those found, and of all people."""
    boxes, name = scores["boxes"], LIMBS if LIMBS in scores["conventions"] else STANDARD
    title = f"{scores['measure']['name']}@{main_threshold(scores)}"
    found, everyone = (_mean(part, name) for part in (main_scores(scores), boxes))
    return (
        f"{boxes['found']:,} of {boxes['people']:,} people found in boxes of "
        f"{boxes['name']!r}: {title}, {name}, {found} of these, {everyone} of all "
        "(without a box, joints are wrong)"
    )


def format_groups(evaluations) -> str:
    """Formats the groups of people of evaluations, side by side for the same people.

    Args:
        evaluations: One or more `Evaluation`, of models on datasets.
    """
    tables = {}  # dataset, measure and people of the groups -> evaluations
    for each in evaluations:
        rows = [row for rows in each.groups.values() for row in rows]
        counts = ((row["name"], row["people"], row["joints"]) for row in rows)
        key = each.dataset, each.skeleton.measure, group_convention(each.skeleton)
        tables.setdefault((*key, *counts), []).append(each)
    return "\n".join(
        _format_group_table(*key[:3], listed) for key, listed in tables.items()
    )


def _format_group_table(dataset, measure, convention, evaluations):
    """Formats groups of the same people: a column for each model and kind of boxes."""
    groups = evaluations[0].groups
    names = dict.fromkeys(each.name for each in evaluations)
    windows = dict.fromkeys(each.windows for each in evaluations)
    labels = []
    for kind, rows in groups.items():
        of_kind = [row["name"] for row in rows]
        labels += of_kind if kind == EVERYONE else [kind, *(f"  {n}" for n in of_kind)]
    columns = [
        ("group", labels),
        ("people", _cells(groups, lambda row: f"{row['people']:,}")),
        ("joints", _cells(groups, lambda row: f"{row['joints']:,}")),
    ]
    for each in evaluations:
        title = [each.name] if len(names) > 1 else []
        title += [each.windows] if len(windows) > 1 or each.missed is not None else []
        title = ", ".join(title) or measure.title
        if each.missed is not None:
            found = {k: [row["found"] for row in v] for k, v in each.groups.items()}
            columns += [
                (f"{title}: found", _cells(found, lambda row: f"{row['people']:,}")),
                ("of these", _cells(found, _percent)),
            ]
            title = "of all"
        columns.append((title, _cells(each.groups, _percent)))
    titles, cells = zip(*columns)
    of_dataset = f" on {dataset}" if dataset else ""
    of_windows = f", {evaluations[0].windows}" if len(windows) == 1 else ""
    return "\n".join(
        [
            f"{', '.join(names)}{of_dataset}{of_windows}: {measure.title} of "
            f"{convention}, %, by group",
            "",
            format_table(titles, zip(*cells)),
            "",
        ]
    )


def _cells(groups, cell):
    """Makes a column of the groups' table: a cell for each group, none for its kind."""
    for kind, rows in groups.items():
        if kind != EVERYONE:
            yield ""
        yield from map(cell, rows)


def _percent(row):
    interval = None if _is_unknown(row["percent"]) else row["interval"]
    return format_with_interval(row["percent"], interval)


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
    if "found" in scores.get("boxes", ()):
        yield describe_found(scores)
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
