"""What the page says of one model, part by part."""

from base64 import b64encode

from keras_hourglass.evaluation.conventions import CONVENTIONS
from keras_hourglass.evaluation.report.charts import curves_chart, reliability_chart
from keras_hourglass.evaluation.report.html import (
    Html,
    TextCell,
    number,
    safe,
    table,
    tag,
    with_interval,
)

FIRST = "0.5"  # the threshold that most publications print


def conventions(report) -> Html:
    """Every convention at every threshold."""
    thresholds = report["thresholds"]
    rows = [
        [
            name,
            *(
                with_interval(part["means"][name], part["intervals"][name])
                for part in thresholds.values()
            ),
            number(report["area"][name]),
            TextCell(convention.says),
        ]
        for name, convention in CONVENTIONS.items()
    ]
    header = ["PCKh, %", *(f"at {t}" for t in thresholds), "area", TextCell("says")]
    return Html(table(header, rows) + _curve(report["curve"]) + _columns(thresholds))


def _curve(curve):
    return curves_chart(
        curve["thresholds"],
        {name: curve[name] for name in CONVENTIONS},
        "How many joints are found under each threshold",
    )


def _columns(thresholds):
    names = [*thresholds[FIRST]["columns"]]
    rows = [
        [f"at {t}", *(number(part["columns"][name]) for name in names)]
        for t, part in thresholds.items()
    ]
    return table(["mean of the joints' rates", *names], rows)


def joints(report) -> Html:
    """Every joint alone, and which conventions count it."""
    others = [t for t in report["thresholds"] if t != FIRST]
    header = ["joint", "labelled", f"at most {FIRST}", f"below {FIRST}"]
    header += [*(f"at most {t}" for t in others), *CONVENTIONS]
    rows = [
        [
            joint["name"].replace("_", " "),
            joint["labelled"],
            with_interval(joint["rates"][FIRST], joint["interval"]),
            number(joint["strict"]),
            *(number(joint["rates"][t]) for t in others),
            *("\N{BULLET}" if name in joint["counted"] else "" for name in CONVENTIONS),
        ]
        for joint in report["by_joint"]
    ]
    return table(header, rows)


def groups(report) -> Html:
    """Hidden and seen joints, sizes, company."""
    header = ["", "people", "joints", *(f"{name}, %" for name in CONVENTIONS)]
    parts = []
    for kind, listed in report["groups"].items():
        rows = [
            [
                group["name"],
                group["people"],
                group["joints"],
                *(
                    with_interval(group["means"][name], group["intervals"][name])
                    for name in CONVENTIONS
                ),
            ]
            for group in listed
        ]
        parts.append(table([f"by {kind}", *header[1:]], rows))
    return Html("".join(parts) or safe("The dataset says nothing of them."))


def calibration(report) -> Html:
    """Whether a score is the share that is right."""
    held = report["calibration"]
    rows = [
        [
            f"{part['low']:.1f} to {part['high']:.1f}",
            part["joints"],
            number(part["score"], 2),
            with_interval(part["right"], part["interval"]),
        ]
        for part in held["bins"]
    ]
    said = f"Scores are {number(held['error'])} percentage points off in the mean."
    header = ["score", "joints", "mean score", "right, %"]
    chart = reliability_chart(
        held["bins"], "How many joints are right, by their scores"
    )
    return Html(chart + tag("p", said) + table(header, rows))


def torso(report) -> Html:
    """PCK by the torso."""
    held = report["torso"]
    rows = [
        [name, with_interval(held["means"][name], held["intervals"][name])]
        for name in CONVENTIONS
    ]
    said = f"{held['people']:,} people; {held['says']}."
    header = ["", f"PCK at {held['threshold']}, %"]
    return Html(tag("p", said) + table(header, rows))


def oks(report) -> Html:
    """COCO's average precision."""
    held = dict(report["oks"])
    people, judged = held.pop("people"), held.pop("joints")
    said = f"{people:,} people whose boxes were given, {len(judged)} of COCO's joints."
    values = [
        number(value, 3) if value >= 0 else number(None) for value in held.values()
    ]
    return Html(tag("p", said) + table(["", *held], [["OKS", *values]]))


def milliseconds(report) -> Html:
    """Where the time of a person goes."""
    held = report["milliseconds"]
    whole = sum(held.values())
    rows = [
        [name, number(value, 2), f"{value / whole:.0%}"] for name, value in held.items()
    ]
    rows.append(["one after another", number(whole, 2), "100%"])
    return table(["", "ms per person", "share"], rows)


def people(pictures) -> Html:
    """Those whom the network finds worst, the truth beside what was found."""
    figures = []
    for caption, jpeg in pictures:
        source = "data:image/jpeg;base64," + b64encode(jpeg).decode()
        image = Html(f'<img loading="lazy" alt="{safe(caption)}" src="{source}">')
        figures.append(tag("figure", image, tag("figcaption", caption)))
    return tag("div", *figures, class_="people")
