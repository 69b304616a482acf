"""The report's page: a section per model, and their comparison."""

from importlib.resources import files

from keras_hourglass.evaluation.bootstrap import LEVEL
from keras_hourglass.evaluation.conventions import STANDARD
from keras_hourglass.evaluation.report import sections
from keras_hourglass.evaluation.report.charts import curves_chart
from keras_hourglass.evaluation.report.html import (
    Html,
    number,
    table,
    tag,
    with_interval,
)
from keras_hourglass.evaluation.scoring import main_scores
from keras_hourglass.evaluation.tables import describe_found, describe_unreadable

# Nothing is fetched and no script runs, whatever a file's name contains.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
HEADLINE = ("limbs", STANDARD, "mean_of_joints")
TITLE = "Evaluation"


def render_page(data: dict, images: dict, error_images: dict) -> str:
    """Renders the whole page from the data of `report.json`; see `write_report`."""
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
    for index, (name, report) in enumerate(models.items()):
        shown = images.get(name, ()), error_images.get(name, ())
        body.append(model_section(name, report, *shown, f"m{index}"))
    return (
        '<!doctype html>\n<html lang="en"><head>'
        f"{head}{tag('style', style)}</head><body>{tag('main', *body)}</body></html>\n"
    )


def model_section(name, report, images, error_images, anchor) -> Html:
    """Renders everything about one model."""
    parts = {
        "Conventions": sections.conventions(report),
        "Joints": sections.joints(report),
        "Kinds of errors": sections.error_kinds(report, error_images),
        "Groups": sections.groups(report),
        "Calibration": sections.calibration(report),
    }
    if report.get("torso"):
        parts["PCK by torso length"] = sections.torso(report)
    if report.get("oks"):
        parts["Object keypoint similarity (OKS)"] = sections.oks(report)
    if report.get("skipped"):
        parts["Skipped"] = tag("p", report["skipped"])
    if report.get("milliseconds"):
        parts["Time per person"] = sections.milliseconds(report)
    if images:
        title = f"The hardest people: the lowest {report['measure']['name']} "
        title += f"({len(images)} of {report['people']:,})"
        parts[title] = sections.people(images)
    shown = (
        tag("section", tag("h3", title), part) for title, part in parts.items() if part
    )
    return tag("article", tag("h2", name), headline(report), *shown, id=anchor)


def headline(report) -> Html:
    """Renders the most cited numbers, large."""
    main = main_scores(report)
    title = f"{report['measure']['name']}@{report['measure']['threshold']}"
    numbers = [
        tag(
            "div",
            tag("b", number(main["means"][name])),
            tag("span", f"{name}, {title}"),
            tag(
                "small",
                "{} %: {:.1f} to {:.1f}".format(LEVEL, *main["intervals"][name]),
            ),
        )
        for name in HEADLINE
        if None not in main["intervals"].get(name, [None])
    ]
    x, y = report["offset"]
    offset = f"x {number(x, 3, True)}, y {number(y, 3, True)}"
    text = f"{report['people']:,} people, {report['joints']:,} joints. "
    text += f"Mean signed error: {offset} heatmap pixels."
    if "found" in report.get("boxes", ()):
        text += f" {describe_found(report)}."
    if unreadable := report.get("unreadable"):
        text += f" {describe_unreadable(unreadable)}"
    return Html(tag("div", *numbers, class_="headline") + tag("p", text))


def comparison_section(models, comparisons) -> Html:
    """Renders the models' means, a table for each measure, and their differences."""
    parts = []
    for measure in dict.fromkeys(
        report["measure"]["name"] for report in models.values()
    ):
        parts += _means_of_models(measure, models)
    for comparison in comparisons:
        differences = comparison["thresholds"]
        names = [*next(iter(differences.values()))]
        rows = [
            [
                f"at {threshold}",
                *(
                    with_interval(
                        held[name]["difference"], held[name]["interval"], signed=True
                    )
                    for name in names
                ),
            ]
            for threshold, held in differences.items()
        ]
        text = f"{comparison['second']} less {comparison['first']}, percentage points, "
        text += f"with {LEVEL} % intervals on the same resamples of people:"
        parts += [tag("p", text), table([comparison["measure"], *names], rows)]
    return tag("article", tag("h2", "Comparison"), *parts)


def _means_of_models(measure, models):
    """Yields a table and a chart of the models of one measure."""
    chosen = {
        name: report
        for name, report in models.items()
        if report["measure"]["name"] == measure
    }
    names = dict.fromkeys(
        n for report in chosen.values() for n in report["conventions"]
    )
    rows = []
    for index, (model, report) in enumerate(models.items()):
        if model in chosen:
            main = main_scores(report)
            unknown = None, (None, None)
            cells = (
                with_interval(main["means"][name], main["intervals"][name])
                if name in main["means"]
                else with_interval(*unknown)
                for name in names
            )
            rows.append([tag("a", model, href=f"#m{index}"), *cells])
    first = next(iter(chosen.values()))
    yield table([f"{measure}@{first['measure']['threshold']}, %", *names], rows)
    yield curves_chart(
        first["curve"]["thresholds"],
        first["measure"]["reference"],
        {name: report["curve"][STANDARD] for name, report in chosen.items()},
        f"Percentage of correct joints over the threshold, for each model ({STANDARD})",
    )
