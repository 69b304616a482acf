"""Table 1 of the paper, at a size that takes seconds."""

import csv
import json
import re
from dataclasses import replace

import cv2
import pytest

from keras_hourglass.data.mixture import DatasetSpec
from keras_hourglass.data.readers.files import DatasetError
from keras_hourglass.models.presets import PRESETS
from keras_hourglass.training import paper_table
from keras_hourglass.training.config import TrainConfig
from keras_hourglass.training.paper_table import Comparison
from keras_hourglass.training.recipes import Recipe
from keras_hourglass.training.trainer import Trainer
from keras_hourglass.utils import Interrupted

SMALL = {"filters": 4, "stem_filters": 2, "depth": 1, "image_size": 32, "blocks": 1}
CONFIG = TrainConfig(
    Recipe(1, 4, 0.01, network=SMALL), (DatasetSpec("synthetic", "8"),)
)
NAMES = ["lighter/hg1_separable", "hg1"]


@pytest.fixture(autouse=True)
def few_validate(monkeypatch, eager):
    monkeypatch.setattr("keras_hourglass.data.datasets.synthetic.VALIDATION_COUNT", 4)


@pytest.fixture
def rows():
    """Two rows, made up."""
    made = {"columns": {"Head": 90.0, "Ankle": 50.0}, "people": 12}
    costs = {"parameters": 4_120_000, "multiply_adds": 5_804_654_592}
    times = {"training_seconds": 3720.0, "milliseconds": 12.34}
    row = {**made, **costs, **times, "means": {"mean_of_joints": 70.0}}
    return [{**row, "name": "hg1"}, {**row, "name": "hg2", "parameters": 8e6}]


def test_a_family_is_all_of_its_presets_and_a_name_one():
    family = paper_table.select_presets(["lighter"])
    assert family == [name for name in PRESETS if name.startswith("lighter/")]
    assert paper_table.select_presets(["hg2", "lighter/hg1", "hg2"]) == [
        "hg2",
        "lighter/hg1",
    ]
    with pytest.raises(ValueError, match="Did you mean 'lighter'.*'lihgter'"):
        paper_table.select_presets(["lihgter"])


def test_rows_are_trained_once_and_the_table_holds_all(tmp_path, caplog):
    rows = Comparison(NAMES, CONFIG, tmp_path).run()
    assert [row["name"] for row in rows] == NAMES
    assert rows[0]["parameters"] < rows[1]["parameters"]
    assert all(row["milliseconds"] > 0 < row["training_seconds"] for row in rows)
    with open(tmp_path / "table.csv", newline="") as file:
        listed = [*csv.DictReader(file)]
    assert [line["Network"] for line in listed] == NAMES
    assert float(listed[0]["Mean"]) == pytest.approx(
        rows[0]["means"]["mean_of_joints"], abs=0.005
    )
    # The first row stays as it is, the second is made anew.
    first, second = (tmp_path / name.replace("/", "-") for name in NAMES)
    (second / paper_table.ROW_FILE).unlink()
    (first / "best.keras").unlink()
    caplog.set_level("INFO", logger="keras_hourglass")
    again = Comparison(NAMES, CONFIG, tmp_path).run()
    assert again[0] == rows[0]
    assert again[1]["means"] == rows[1]["means"]
    assert any("nothing is left to do" in line for line in caplog.messages)


def test_rows_of_another_configuration_are_refused_before_anything_is_trained(tmp_path):
    folder = tmp_path / "hg1"
    folder.mkdir()
    (folder / "something").write_text("else")
    with pytest.raises(ValueError, match="must be a new folder"):
        Comparison(NAMES, CONFIG, tmp_path).run()
    assert not (tmp_path / "lighter-hg1_separable").exists()


def test_a_missing_dataset_is_an_error_before_a_network_is_built(tmp_path, monkeypatch):
    monkeypatch.setattr(paper_table, "Trainer", None)
    config = replace(CONFIG, datasets=(DatasetSpec("crops", str(tmp_path / "away")),))
    with pytest.raises(DatasetError, match="away"):
        Comparison(NAMES, config, tmp_path / "runs").run()
    assert not (tmp_path / "runs").exists()


def test_a_stop_says_how_the_comparison_goes_on(tmp_path, monkeypatch):
    def stopped(run):
        raise Interrupted("To go on: hourglass-keras train")

    monkeypatch.setattr(Trainer, "train", stopped)
    with pytest.raises(Interrupted, match="0 of 2 rows.*separable.*same command"):
        Comparison(NAMES, CONFIG, tmp_path).run()


def test_a_line_of_the_table_by_hand(rows):
    line = paper_table.format_row(rows[0])
    assert [*line.values()] == [
        *("hg1", "90.00", "50.00", "70.00", "4.1M", "5.80G", "1:02", "12.3")
    ]
    header, rule, first = paper_table.markdown_table([line]).splitlines()
    assert header.count("|") == rule.count("|") == first.count("|") == 9
    assert first.startswith("| hg1 | 90.00 |")


def test_a_small_experiment_says_that_it_is_one(rows):
    assert "32 pixels" in paper_table.describe_conditions(rows, CONFIG)
    assert "A small experiment" in paper_table.describe_conditions(rows, CONFIG)
    whole = TrainConfig(
        Recipe(220, 6, 5e-4, network={"image_size": 256}), CONFIG.datasets
    )
    assert "A small" in paper_table.describe_conditions(rows, whole)  # of twelve people
    all_people = [{**row, "people": 2958} for row in rows]
    assert "small" not in paper_table.describe_conditions(all_people, whole)


def test_the_measure_of_the_rows_is_named(rows):
    assert paper_table.describe_conditions(rows, CONFIG).startswith("PCKh@0.5 on 12")
    boxes = [{**row, "measure": "PCK@0.1"} for row in rows]
    own = {**SMALL, "skeleton": {"joints": ("snout", "tail")}}
    config = replace(CONFIG, recipe=replace(CONFIG.recipe, network=own))
    text = paper_table.describe_conditions(boxes, config)
    assert text.startswith("PCK@0.1 on 12 validation people") and "snout" not in text


def test_the_plot_is_an_image(rows, tmp_path):
    pytest.importorskip("matplotlib")
    assert paper_table.write_plot(tmp_path, rows)
    assert cv2.imread(str(tmp_path / "table.png")).shape == (600, 1440, 3)


def test_files_of_the_table_are_readable(rows, tmp_path):
    paper_table.write_table(tmp_path / "new", rows, CONFIG)
    text = (tmp_path / "new" / "table.md").read_text()
    assert re.search(r"^\| hg2 \|.*\| 8.0M \|", text, re.MULTILINE)
    assert json.dumps(rows)  # what a row's file holds
