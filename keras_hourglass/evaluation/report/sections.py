"""Sections of the report's page about one model."""

from base64 import b64encode

from keras_hourglass.evaluation.conventions import STANDARD
from keras_hourglass.evaluation.error_kinds import KINDS
from keras_hourglass.evaluation.oks import NAMES
from keras_hourglass.evaluation.report.charts import (
    curves_chart,
    reliability_chart,
    stacked_bars_chart,
)
from keras_hourglass.evaluation.report.html import (
    Html,
    TextCell,
    number,
    table,
    tag,
    to_html,
    with_interval,
)
from keras_hourglass.evaluation.scoring import main_threshold
from keras_hourglass.evaluation.tables import describe_oks


def conventions(report) -> Html:
    """Every convention at every threshold."""
    thresholds, measure = report["thresholds"], report["measure"]
    rows = [
        [
            name,
            *_means(thresholds.values(), name),
            number(report["area"][name]),
            TextCell(description),
        ]
        for name, description in report["conventions"].items()
    ]
    text = f"Thresholds are shares of the {measure['reference']}."
    header = [f"{measure['name']}, %", *(f"at {t}" for t in thresholds), "area"]
    means = table([*header, TextCell("description")], rows)
    return Html(tag("p", text) + means + _curve(report) + _columns(thresholds))


def _means(parts, name):
    """Cells of a convention's mean in several parts of the data."""
    return [with_interval(p["means"][name], p["intervals"][name]) for p in parts]


def _curve(report):
    return curves_chart(
        report["curve"]["thresholds"],
        report["measure"]["reference"],
        {name: report["curve"][name] for name in report["conventions"]},
        "Percentage of correct joints over the threshold, for each convention",
    )


def _columns(thresholds):
    names = [*next(iter(thresholds.values()))["columns"]]
    rows = [
        [f"at {t}", *(number(part["columns"][name]) for name in names)]
        for t, part in thresholds.items()
    ]
    return table(["mean of the joints' rates, %", *names], rows)


def joints(report) -> Html:
    """Each joint, and the conventions that average it."""
    main, conventions = main_threshold(report), report["conventions"]
    others = [t for t in report["thresholds"] if t != main]
    header = ["joint", "labeled", f"at most {main}", f"below {main}"]
    header += [*(f"at most {t}" for t in others), *conventions]
    rows = [
        [
            joint["name"].replace("_", " "),
            joint["labeled"],
            with_interval(joint["rates"][main], joint["interval"]),
            number(joint["strict"]),
            *(number(joint["rates"][t]) for t in others),
            *("\N{BULLET}" if name in joint["counted"] else "" for name in conventions),
        ]
        for joint in report["by_joint"]
    ]
    return table(header, rows)


def error_kinds(report, images) -> Html | str:
    """Errors by kind: in total, by joint, and the worst of each."""
    data = report.get("error_kinds")
    if not data:
        return ""
    name, threshold = report["measure"]["name"], data["threshold"]
    conventions = report["conventions"]
    rows = [
        [
            kind,
            part["joints"],
            with_interval(part["percent"], part["interval"]),
            *(
                number(part["gain"][convention], signed=True)
                for convention in conventions
            ),
            TextCell(f"{KINDS[kind].title}: {KINDS[kind].rule}"),
        ]
        for kind, part in data["total"].items()
    ]
    gains = (f"{convention}, if mended" for convention in conventions)
    header = ["", "joints", "% of scored", *gains, TextCell("the prediction lies")]
    text = f"Scored joints with an error of more than {threshold}: each has the first "
    text += f"kind that fits. {STANDARD} and the percents add up to 100."
    if data["unknown"]:
        text += f" The data cannot show {' and '.join(data['unknown'])}: such errors "
        text += f"count as {[*KINDS][-1]}."
    shares = {
        joint.replace("_", " "): [100 * part[kind] / part["labeled"] for kind in KINDS]
        for joint, part in data["per_joint"].items()
    }
    labeled = (part["labeled"] for part in data["per_joint"].values())
    by_joint = [
        [joint, count, *map(number, percents)]
        for count, (joint, percents) in zip(labeled, shares.items())
    ]
    label = f"wrong at {name}@{threshold}, % of the joint's labels"
    chart = stacked_bars_chart(shares, [*KINDS], label, "Kinds of errors by joint")
    parts = [tag("p", text), table(header, rows), chart]
    parts.append(table(["joint, %", "labeled", *KINDS], by_joint))
    if images:
        parts.append(tag("p", "The largest error of each kind, marked by a ring:"))
        parts.append(figures(images))
    return Html("".join(parts))


def groups(report) -> Html:
    """Labeled joints, visibility, sizes of people, and others in the image."""
    names = report["conventions"]
    header = ["people", "joints", *(f"{name}, %" for name in names)]
    parts = []
    for kind, listed in report["groups"].items():
        rows = [
            [
                group["name"],
                group["people"],
                group["joints"],
                *(cell for name in names for cell in _means([group], name)),
            ]
            for group in listed
        ]
        parts.append(table([f"by {kind}", *header], rows))
    return Html("".join(parts) or to_html("The dataset has no data on groups."))


def calibration(report) -> Html:
    """The percentage of correct joints by score."""
    data = report["calibration"]
    rows = [
        [
            f"{part['low']:.1f} to {part['high']:.1f}",
            part["joints"],
            number(part["score"], 2),
            with_interval(part["correct"], part["interval"]),
        ]
        for part in data["bins"]
    ]
    text = f"Expected calibration error: {number(data['error'])} percentage points."
    header = ["score", "joints", "mean score", "correct, %"]
    chart = reliability_chart(data["bins"], "Percentage of correct joints by score")
    return Html(chart + tag("p", text) + table(header, rows))


def torso(report) -> Html:
    """PCK by torso length."""
    data = report["torso"]
    rows = [[name, *_means([data], name)] for name in data["means"]]
    text = f"{data['people']:,} people; {data['description']}."
    header = ["", f"PCK at {data['threshold']}, %"]
    return Html(tag("p", text) + table(header, rows))


def oks(report) -> Html:
    """Average precision, where it was computed, and the mean OKS."""
    names = [name for name in (*NAMES, "mean") if name in report["oks"]]
    values = [report["oks"][name] for name in names]
    cells = [number(value if value >= 0 else None, 3) for value in values]
    text = tag("p", f"{describe_oks(report['oks'])}.")
    return Html(text + table(["", *names], [["OKS", *cells]]))


def milliseconds(report) -> Html:
    """Time per person by stage."""
    data = report["milliseconds"]
    total = sum(data.values())
    rows = [
        [name, number(value, 2), f"{value / total:.0%}"] for name, value in data.items()
    ]
    rows.append(["total, one after another", number(total, 2), "100%"])
    return table(["", "ms per person", "share"], rows)


def people(images) -> Html:
    """The hardest people: ground truth and prediction."""
    text = tag("p", "Ground truth on the left, prediction on the right.")
    return Html(text + figures(images))


def figures(images) -> Html:
    """Renders a grid of (caption, JPEG)."""
    parts = []
    for caption, jpeg in images:
        source = "data:image/jpeg;base64," + b64encode(jpeg).decode()
        attributes = f'alt="{to_html(caption)}" src="{source}"'
        image = Html(f'<img loading="lazy" {attributes}>')
        parts.append(tag("figure", image, tag("figcaption", caption)))
    return tag("div", *parts, class_="people")
