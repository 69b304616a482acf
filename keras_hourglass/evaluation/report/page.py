"""The page: what is said of each model, and how they compare."""

from importlib.resources import files

from keras_hourglass.evaluation.conventions import CONVENTIONS
from keras_hourglass.evaluation.report import sections
from keras_hourglass.evaluation.report.charts import curves_chart
from keras_hourglass.evaluation.report.html import (
    Html,
    number,
    table,
    tag,
    with_interval,
)

# Nothing is fetched, nothing runs: whatever a file's name says.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
HEADLINE = ("limbs", "mean_by_count", "mean_of_joints")
TITLE = "Joints found, and missed"


def render_page(data: dict, pictures: dict) -> str:
    """The whole page; see `report.write`, whose JSON is its data."""
    models = data["models"]
    style = Html(
        (files("keras_hourglass.evaluation.report") / "style.css").read_text("utf-8")
    )
    head = Html(
        '<meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
    ) + tag("title", TITLE)
    about = (Html(tag("dt", k) + tag("dd", v)) for k, v in data["about"].items())
    body = [tag("h1", TITLE), tag("dl", *about)]
    if len(models) > 1:
        body.append(comparison_section(models, data["comparisons"]))
    for number_, (name, report) in enumerate(models.items()):
        body.append(model(name, report, pictures.get(name, ()), f"m{number_}"))
    return (
        '<!doctype html>\n<html lang="en"><head>'
        f"{head}{tag('style', style)}</head><body>{tag('main', *body)}</body></html>\n"
    )


def model(name, report, pictures, anchor) -> Html:
    """All that is said of a model."""
    parts = {
        "Conventions": sections.conventions(report),
        "Joint by joint": sections.joints(report),
        "Who is found": sections.groups(report),
        "Whether its scores can be believed": sections.calibration(report),
    }
    if report.get("torso"):
        parts["In lengths of the torso"] = sections.torso(report)
    if report.get("oks"):
        parts["Average precision, as COCO judges"] = sections.oks(report)
    if report.get("left_out"):
        parts["Left out"] = tag("p", report["left_out"])
    if report.get("milliseconds"):
        parts["Time of a person"] = sections.milliseconds(report)
    if pictures:
        said = f"The {len(pictures)} worst of {report['people']:,}: the truth, and "
        said += "what was found"
        parts[said] = sections.people(pictures)
    shown = (
        tag("section", tag("h3", title), part) for title, part in parts.items() if part
    )
    return tag("article", tag("h2", name), headline(report), *shown, id=anchor)


def headline(report) -> Html:
    """The numbers that one looks for first."""
    half = report["thresholds"][sections.FIRST]
    numbers = [
        tag(
            "div",
            tag("b", number(half["means"][name])),
            tag("span", f"{name}, PCKh@{sections.FIRST}"),
            tag("small", "95 %: {:.1f} to {:.1f}".format(*half["intervals"][name])),
        )
        for name in HEADLINE
        if None not in half["intervals"][name]
    ]
    x, y = report["offset"]
    off = f"x {number(x, 3, True)}, y {number(y, 3, True)}"
    said = f"{report['people']:,} people, {report['joints']:,} joints. "
    said += f"Mean signed error: {off} heatmap pixels."
    if unread := report.get("unread"):
        said += f" {len(unread):,} pictures could not be read, {unread[0]} first."
    return Html(tag("div", *numbers, class_="headline") + tag("p", said))


def comparison_section(models, comparisons) -> Html:
    """The models side by side, and by how much they differ on the same people."""
    first = next(iter(models.values()))
    rows = [
        [
            tag("a", name, href=f"#m{place}"),
            *(
                with_interval(half["means"][convention], half["intervals"][convention])
                for convention in CONVENTIONS
            ),
        ]
        for place, (name, report) in enumerate(models.items())
        for half in [report["thresholds"][sections.FIRST]]
    ]
    chart = curves_chart(
        first["curve"]["thresholds"],
        {name: report["curve"]["mean_by_count"] for name, report in models.items()},
        "How many joints each model finds under each threshold, counted alike",
    )
    parts = [table([f"PCKh@{sections.FIRST}, %", *CONVENTIONS], rows), chart]
    for pair in comparisons:
        differences = [
            [
                f"at {threshold}",
                *(
                    with_interval(
                        held[name]["difference"], held[name]["interval"], signed=True
                    )
                    for name in CONVENTIONS
                ),
            ]
            for threshold, held in pair["thresholds"].items()
        ]
        said = f"{pair['second']} less {pair['first']}, percentage points; of the same "
        said += "draws of people, 95 % lie between:"
        parts += [tag("p", said), table(["", *CONVENTIONS], differences)]
    return tag("article", tag("h2", "Side by side"), *parts)
