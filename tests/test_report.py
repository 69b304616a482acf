"""The report: complete, and on one page, whatever names its files have."""

import json
import re
from base64 import b64decode
from html import unescape
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest

from keras_hourglass.data.datasets import synthetic
from keras_hourglass.evaluation import bootstrap, report
from keras_hourglass.evaluation.breakdowns import all_breakdowns
from keras_hourglass.evaluation.conventions import CONVENTIONS
from keras_hourglass.evaluation.error_kinds import KINDS, classify, error_kinds
from keras_hourglass.evaluation.report import html, images
from keras_hourglass.evaluation.report.charts import (
    RIGHT,
    WIDTH,
    curves_chart,
    stacked_bars_chart,
)
from keras_hourglass.evaluation.results import Predictions
from keras_hourglass.evaluation.scoring import score, to_json_types
from keras_hourglass.skeletons import MPII
from keras_hourglass.visualization.captions import HEIGHT

EVIL = "<img src=https://evil.example/x onerror='alert(1)'>&\"</style>"
EMPTY = {"meta", "img"}  # elements that have no end


@pytest.fixture(scope="module")
def people():
    return synthetic.load_synthetic("1").split("val")[:6]


@pytest.fixture(scope="module")
def predictions(people):
    """Predictions that are one head size off, or exact."""
    errors = np.zeros((6, 16))
    errors[::2] = 1
    errors[:, 9] = np.nan
    scores, offset = np.full((6, 16), 0.75), (0.1, float("nan"))
    return Predictions(people.joints + 3, errors, scores, offset, (EVIL,))


@pytest.fixture(scope="module")
def made(people, predictions):
    counts, errors = bootstrap.resample_counts(len(people)), predictions.errors
    made = score(errors, MPII, counts)
    made |= all_breakdowns(errors, predictions.scores, people, counts)
    milliseconds = {"loader": 1.0, "network": 7.0, "decoder": 2.0}
    oks = {"AP": 0.5, "AR medium": -1.0, "people": 6, "joints": ["left_hip"]}
    oks |= {"sigmas": "COCO's sigmas", "estimated_areas": 0, "without_area": 0}
    made["error_kinds"] = error_kinds(
        classify(predictions, people), predictions, people, counts
    )
    made |= {"offset": predictions.offset, "milliseconds": milliseconds, "oks": oks}
    return made | {"unreadable": [EVIL]}


@pytest.fixture(scope="module")
def written(made, people, predictions, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report") / "new"
    drawn = images.PeopleImages(predictions, people, (64, 64))
    shown = [*drawn.hardest([2, 0])]
    shown.append((EVIL, shown[0][1]))
    errors = {EVIL: [*drawn.worst_of_each_kind(classify(predictions, people))]}
    both = (predictions.errors, MPII), (predictions.errors, MPII)
    difference = bootstrap.compare(*both, (0.5,), bootstrap.resample_counts(6))
    pair = {"first": EVIL, "second": "second.keras", "thresholds": difference}
    pair["measure"] = "PCKh"
    models = {EVIL: made, "second.keras": made}
    shown = {EVIL: shown}
    return report.write_report(folder, {"dataset": EVIL}, models, [pair], shown, errors)


class Elements(HTMLParser):
    """Collects elements and their sources, and checks that each is closed."""

    def __init__(self):
        super().__init__()
        self.open, self.names, self.sources = [], [], []

    def handle_starttag(self, name, attributes):
        self.names.append(name)
        self.sources += [v for k, v in attributes if k in ("src", "href", "srcset")]
        assert not [k for k, _ in attributes if k.startswith("on")]
        if name not in EMPTY:
            self.open.append(name)

    def handle_endtag(self, name):
        assert self.open.pop() == name


def test_the_page_is_complete_and_fetches_nothing(written):
    page = written.read_text(encoding="utf-8")
    elements = Elements()
    elements.feed(page)
    assert not elements.open
    assert {"table", "svg", "figure", "article"} <= {*elements.names}
    assert not {"script", "link", "iframe"} & {*elements.names}
    assert all(
        s.startswith(("data:image/jpeg;base64,", "#m")) for s in elements.sources
    )
    assert elements.names.count("img") == 4, "a name is not an image"
    assert "default-src 'none'" in page
    assert "@import" not in page and "url(" not in page


def test_the_page_shows_every_convention_joint_and_image(written, made):
    page = written.read_text(encoding="utf-8")
    for name in CONVENTIONS:
        assert name in page
    for text in ("left ankle", "hardest people", "network", "70%", "similarity (OKS)"):
        assert text in page
    for name, kind in KINDS.items():
        assert f">{name}<" in page and f"{kind.title}: {kind.rule}" in unescape(page)
    assert "jitter (near): " in page and "error 1.00 of the head size" in page
    half = made["thresholds"]["0.5"]["means"]["limbs"]
    assert half == 50 and "<b>50.0</b>" in page
    image = b64decode(re.search(r"base64,([^\"]+)", page)[1])
    pixels = cv2.imdecode(np.frombuffer(image, "uint8"), cv2.IMREAD_COLOR)
    assert pixels.shape == (images.SIDE + HEIGHT, 2 * images.SIDE + images.GAP, 3)


def test_the_data_is_strict_json_with_the_same_contents(written, made):
    def refuse(constant):
        raise ValueError(constant)

    text = (written.parent / "report.json").read_text(encoding="utf-8")
    data = json.loads(text, parse_constant=refuse)
    assert data["models"][EVIL]["offset"] == [0.1, None]
    assert data["models"]["second.keras"] == to_json_types(made)
    (pair,) = data["comparisons"]
    assert pair["thresholds"]["0.5"]["limbs"]["difference"] == 0


def test_ground_truth_is_on_the_left_and_prediction_on_the_right(people):
    """Exact predictions look the same on both halves, but for JPEG's loss."""

    def halves(joints):
        predictions = Predictions(joints, np.zeros((6, 16)))
        drawn = images.PeopleImages(predictions, people, (1, 1))
        ((caption, jpeg),) = drawn.hardest([1])
        assert caption.endswith("16 of 16 joints correct")
        pixels = cv2.imdecode(np.frombuffer(jpeg, "uint8"), cv2.IMREAD_COLOR)
        pixels = pixels[HEIGHT + 4 :]  # JPEG blurs the edge of the caption
        return pixels[:, : images.SIDE].astype(int), pixels[:, -images.SIDE :]

    def apart(one, other):
        """Computes the share of values that differ by more than JPEG loses."""
        return np.mean(np.abs(one - other) > 60)

    truth, exact = halves(people.joints)
    again, moved = halves(people.joints + 20)
    assert apart(truth, exact) < 1e-4 and apart(truth, again) < 1e-4
    assert apart(truth, moved) > 5e-3


def test_text_is_escaped_once():
    assert html.tag("p", "a < b", html.tag("b", "&")) == "<p>a &lt; b<b>&amp;</b></p>"
    assert html.tag("p", class_='"') == '<p class="&quot;"></p>'
    assert html.table(["<"], [["<td>"]]).count("&lt;") == 2


def test_a_curve_goes_from_corner_to_corner():
    chart = curves_chart([0, 0.25, 0.5], "head", {"all": [0, None, 100]}, "text")
    (points,) = re.findall(r'points="([^"]+)"', chart)
    assert points == "44.0,260.0 624.0,12.0"
    assert chart.endswith("> all</span></p>")


def test_a_series_has_its_own_color_or_dashes():
    names = [f"runs/a/long/folder/{number}/best.keras" for number in range(12)]
    chart = curves_chart([0, 1], "head", dict.fromkeys(names, [0, 1]), "text")
    lines = re.findall(r'<polyline points="[^"]+" class="([^"]+)"', chart)
    samples = re.findall(r'y2="4" class="([^"]+)"', chart)
    assert lines == samples and len({*lines}) == 12
    assert all(name in chart for name in names)


def test_stacked_bars_are_as_long_as_their_percents():
    rows = {"wrist": [10, 20], "a" * 50: [0, 50]}
    chart = stacked_bars_chart(rows, ["near", "far"], "wrong, %", "text")
    bars = re.findall(r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)"', chart)
    (x1, y1, width1), (x2, y2, width2), _, (x4, y4, width4) = (
        map(float, bar) for bar in bars
    )
    assert y1 == y2 < y4 and x1 == x4
    assert x2 == pytest.approx(x1 + width1, abs=0.11)
    assert width2 == pytest.approx(2 * width1, abs=0.11)
    assert x4 + width4 == pytest.approx(WIDTH - RIGHT, abs=0.11)  # 50 is the end
    assert "a" * 29 + "\N{HORIZONTAL ELLIPSIS}<" in chart
    assert stacked_bars_chart({}, ["near"], "wrong, %", "text").startswith("<svg")


def test_a_ring_marks_the_joint_and_a_far_one_is_left_out(people, predictions):
    image = np.zeros((40, 40, 3), "uint8")
    images.draw_ring(image, np.array([20.2, 15]))
    assert tuple(image[15, 20 + images.RING_RADIUS]) == images.RING_COLOR
    assert not image[15, 20].any()
    far = np.zeros((40, 40, 3), "uint8")
    for point in ((np.nan, 3), (1e30, 3), (-500, 3)):
        images.draw_ring(far, np.array(point))
    assert not far.any()
