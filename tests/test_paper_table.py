"""Table 1 of the paper, at a size that takes seconds."""

import csv
import json
import re
import shutil
from contextlib import nullcontext
from dataclasses import replace

import cv2
import pytest

from keras_hourglass.data.datasets import load_dataset
from keras_hourglass.data.people.mixture import DatasetSpec
from keras_hourglass.data.readers.files import DatasetError
from keras_hourglass.evaluation.evaluator import evaluate
from keras_hourglass.models.presets import PRESETS
from keras_hourglass.training.comparison import compare, paper_table
from keras_hourglass.training.comparison.compare import Comparison
from keras_hourglass.training.config import TrainConfig
from keras_hourglass.training.recipes import Recipe
from keras_hourglass.training.runs import config_file
from keras_hourglass.training.trainer import Trainer
from keras_hourglass.utils import Interrupted

SMALL = {"filters": 4, "stem_filters": 2, "depth": 1, "image_size": 32, "blocks": 1}
CONFIG = TrainConfig(
    Recipe(1, 4, 0.01, network=SMALL), (DatasetSpec("synthetic", "8"),)
)
NAMES = ["lighter/hg1_separable", "hg1"]


@pytest.fixture(autouse=True)
def few_validate(monkeypatch, eager, no_snapshots):
    monkeypatch.setattr("keras_hourglass.data.datasets.synthetic.VALIDATION_COUNT", 4)


@pytest.fixture
def rows():
    """Two rows, made up."""
    made = {"columns": {"Head": 90.0, "Ankle": 50.0}, "people": 12}
    costs = {"parameters": 4_120_000, "multiply_adds": 5_804_654_592}
    times = {"training_seconds": 3720.0, "milliseconds": 12.34}
    row = {**made, **costs, **times}
    row["means"] = {"mean_of_joints": 70.0, "mean_by_count": 69.0}
    row["intervals"] = {"mean_of_joints": [61, 78.5], "mean_by_count": [60.1, 77]}
    row["difference"] = {"difference": -1.0, "interval": [-2.0, 0.5]}
    return [{**row, "name": "hg1"}, {**row, "name": "hg2", "parameters": 8e6}]


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    return tmp_path_factory.mktemp("kept") / "comparison"


@pytest.fixture
def compared(kept, tmp_path):
    """A folder with the rows of `NAMES`, which are trained once for all tests."""
    if not kept.exists():
        Comparison(NAMES, CONFIG, kept).run()
    return shutil.copytree(kept, tmp_path / "comparison")


def test_rows_are_trained_once_and_the_table_holds_all(compared, caplog):
    rows = Comparison(NAMES, CONFIG, compared).run()
    assert [row["name"] for row in rows] == NAMES
    assert rows[0]["parameters"] < rows[1]["parameters"]
    assert all(row["milliseconds"] > 0 < row["training_seconds"] for row in rows)
    with open(compared / "table.csv", newline="") as file:
        listed = [*csv.DictReader(file)]
    assert [line["Network"] for line in listed] == NAMES
    for name in paper_table.MEANS:
        mean, bounds = rows[1]["means"][name], rows[1]["intervals"][name]
        numbers = [
            listed[1][name],
            *(listed[1][f"{name} {n}"] for n in ("low", "high")),
        ]
        assert numbers == [f"{value:.2f}" for value in (mean, *bounds)]
    difference = rows[1]["difference"]
    means = [row["means"]["mean_of_joints"] for row in rows]
    assert difference["difference"] == pytest.approx(means[1] - means[0])
    assert difference["interval"][0] <= difference["difference"]
    assert listed[1]["difference"] == f"{difference['difference']:.2f}"
    assert rows[0]["difference"] is None and listed[0]["difference"] == ""
    table = (compared / "table.md").read_text()
    # The first row stays as it is, the second is made anew.
    first, second = (compared / name.replace("/", "-") for name in NAMES)
    (second / compare.ROW_FILE).unlink()
    (first / "best.keras").unlink()
    caplog.set_level("INFO", logger="keras_hourglass")
    again = Comparison(NAMES, CONFIG, compared).run()
    assert again[0] == rows[0]
    assert again[1]["means"] == rows[1]["means"]
    assert again[1]["difference"] == difference
    assert re.findall(r"\([\d.+-]+ to ", table) == re.findall(
        r"\([\d.+-]+ to ", (compared / "table.md").read_text()
    )
    assert any("nothing is left to do" in line for line in caplog.messages)


def test_rows_of_version_0_3_stay_without_intervals(compared, caplog):
    old = compared / NAMES[0].replace("/", "-")
    row = json.loads((old / compare.ROW_FILE).read_text())
    del row["intervals"]
    (old / compare.ROW_FILE).write_text(json.dumps(row))
    (old / compare.ERRORS_FILE).unlink()
    caplog.set_level("INFO", logger="keras_hourglass")
    first, second = Comparison(NAMES, CONFIG, compared).run()
    assert first == {**row, "difference": None}
    assert "intervals" in second and second["difference"] is None
    assert any(
        f"measured them: {NAMES[0]}. To measure" in line for line in caplog.messages
    )


def test_a_number_is_the_same_in_training_evaluation_and_comparison(tmp_path, capsys):
    (row,) = compare.compare(
        "hg1", tmp_path, epochs=2, batch_size=4, dataset="synthetic:8", **SMALL
    )
    printed = capsys.readouterr()
    *_, names, numbers = re.search(r"PCKh@0.5, %\n.*\n.*", printed.out + printed.err)[
        0
    ].split("\n")
    with open(tmp_path / "hg1/history.csv", newline="") as file:
        history = [float(line["val_pckh"]) for line in csv.DictReader(file)]
    trained = f"{max(history):.2f}"
    assert names.split()[-1] == "mean_by_count"
    assert numbers.split()[-1] == f"{history[0]:.2f}"
    result = evaluate(tmp_path / "hg1", "synthetic:8")
    assert f"{result.pckh:.2f}" == trained
    (line,) = [x for x in str(result).split("\n") if x.startswith("mean_by_count  ")]
    assert line.split()[1] == trained
    with open(tmp_path / "table.csv", newline="") as file:
        (listed,) = csv.DictReader(file)
    assert listed["mean_by_count"] == trained
    scores = result.scores["thresholds"]["0.5"]
    for column, value in {**scores["columns"], **scores["means"]}.items():
        if column in listed:
            assert listed[column].replace("\N{EN DASH}", "nan") == f"{value:.2f}"
    assert {*scores["columns"]} < {*listed}
    assert row["people"] == result.scores["people"]


def test_rows_of_another_configuration_are_refused_before_anything_is_trained(tmp_path):
    folder = tmp_path / "hg1"
    folder.mkdir()
    (folder / "something").write_text("else")
    with pytest.raises(ValueError, match="must be a new folder"):
        Comparison(NAMES, CONFIG, tmp_path).run()
    assert not (tmp_path / "lighter-hg1_separable").exists()


def test_a_recipe_for_one_network_leaves_to_rows_what_they_are_compared_by(
    tmp_path, monkeypatch
):
    configs = {}

    def run(comparison):
        for name in comparison.names:
            configs[name] = comparison._row_config(name).recipe.network
        comparison.folder.mkdir(exist_ok=True)
        arguments = comparison.folder, comparison.config, compare.COMPARISON_FILE
        config_file.write_config(*arguments, presets=comparison.names)

    monkeypatch.setattr(Comparison, "run", run)
    options = {"dataset": "synthetic:8", "presets": "lighter/hg1_ghost_reduced,hg8"}
    for _ in ("new", "goes on"):
        compare.compare(output=tmp_path / "a", recipe="photo", filters=32, **options)
        ghost, eight = configs.values()
        assert (ghost["stacks"], ghost["block"], ghost["filters"]) == (1, "ghost", 32)
        assert (eight["stacks"], eight["image_size"]) == (8, 256)
        assert "block" not in eight
        assert ghost["stem_filters"] == 32 and "stem_filters" not in eight
    compare.compare(output=tmp_path / "b", recipe="photo", stacks=2, **options)
    assert {network["stacks"] for network in configs.values()} == {2}
    with pytest.raises(ValueError, match="must be one for the task 'pose'"):
        compare.compare(output=tmp_path / "c", recipe="detect", **options)


def test_a_missing_dataset_is_an_error_before_a_network_is_built(tmp_path, monkeypatch):
    monkeypatch.setattr(compare, "Trainer", None)
    config = replace(CONFIG, datasets=(DatasetSpec("crops", str(tmp_path / "away")),))
    with pytest.raises(DatasetError, match="away"):
        Comparison(NAMES, config, tmp_path / "runs").run()
    assert not (tmp_path / "runs").exists()


def test_a_stop_in_the_last_epoch_of_a_row_keeps_the_row(tmp_path, monkeypatch):
    def should_stop(trainer, step):
        trainer.interrupt.requested = step == trainer.sampler.steps
        return trainer.interrupt.requested

    monkeypatch.setattr(Trainer, "should_stop", should_stop)
    with pytest.raises(Interrupted, match="1 of 2 rows are finished. To go on"):
        Comparison(NAMES, CONFIG, tmp_path).run()
    assert "hg1_separable" in (tmp_path / "table.md").read_text()
    rows = [path.parent.name for path in tmp_path.rglob(compare.ROW_FILE)]
    assert rows == ["lighter-hg1_separable"]


def test_a_stop_says_how_the_comparison_goes_on(tmp_path, monkeypatch):
    def stopped(run):
        raise Interrupted("To go on: hourglass-keras train")

    monkeypatch.setattr(Trainer, "train", stopped)
    with pytest.raises(Interrupted, match="0 of 2 rows.*separable.*same command"):
        Comparison(NAMES, CONFIG, tmp_path).run()


def test_a_line_of_the_table_by_hand(rows):
    line = paper_table.format_row(rows[0])
    assert [*line.values()] == [
        *("hg1", "90.00", "50.00", "70.00 (61.0 to 78.5)", "69.00 (60.1 to 77.0)"),
        *("-1.00 (-2.0 to +0.5)", "4.1M", "5.80G", "1:02", "12.3"),
    ]
    line = paper_table.csv_row(rows[0])
    assert [*line.values()][2:6] == ["50.00", "70.00", "61.00", "78.50"]
    assert (line["difference"], line["difference high"]) == ("-1.00", "0.50")
    line = paper_table.format_row({**rows[0], "intervals": {}, "difference": None})
    assert [*line.values()][2:6] == ["50.00", "70.00", "69.00", "\N{EN DASH}"]
    header, rule, first = paper_table.markdown_table([line]).splitlines()
    assert header.count("|") == rule.count("|") == first.count("|") == 11
    assert first.startswith("| hg1 | 90.00 |")


def test_a_small_experiment_says_that_it_is_one(rows):
    assert "32 pixels" in paper_table.describe_conditions(rows, CONFIG)
    assert "A small experiment" in paper_table.describe_conditions(rows, CONFIG)
    whole = TrainConfig(
        Recipe(220, 6, 5e-4, network={"image_size": 256}), CONFIG.datasets
    )
    assert "A small" in paper_table.describe_conditions(rows, whole)  # of twelve people
    network = {"blocks": 4}
    all_people = [{**row, "people": 2958, "network": network} for row in rows]
    assert "small" not in paper_table.describe_conditions(all_people, whole)
    all_people[1]["network"] = {}  # one block at each position
    assert "A small" in paper_table.describe_conditions(all_people, whole)


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


def test_the_plot_shows_every_name_whole(rows, tmp_path, monkeypatch):
    figures = pytest.importorskip("matplotlib.figure")
    saved = []
    monkeypatch.setattr(
        figures.Figure, "savefig", lambda self, *args, **_: saved.append(self)
    )
    monkeypatch.setattr(paper_table, "atomic_write", lambda path: nullcontext(path))
    rows = [
        {**rows[0], "name": name, "multiply_adds": 1e9 + 1e8 * number}
        for number, name in enumerate(PRESETS)
    ]
    assert paper_table.write_plot(tmp_path, rows)
    (figure,) = saved
    figure.draw_without_rendering()
    (legend,) = figure.legends
    texts = legend.get_texts()
    assert [text.get_text() for text in texts] == [*PRESETS]
    boxes = [text.get_window_extent() for text in texts]
    panels = [axes.get_tightbbox() for axes in figure.axes]
    assert all(0 <= box.y0 and box.y1 <= figure.bbox.height for box in boxes)
    assert all(box.x1 <= figure.bbox.width for box in boxes)
    assert min(box.x0 for box in boxes) > max(box.x1 for box in panels)


def test_files_of_the_table_are_readable(rows, tmp_path):
    paper_table.write_table(tmp_path / "new", rows, CONFIG)
    text = (tmp_path / "new" / "table.md").read_text()
    assert re.search(r"^\| hg2 \|.*\| 8.0M \|", text, re.MULTILINE)
    assert json.dumps(rows)  # what a row's file holds


def test_a_comparison_that_names_no_presets_is_an_error(tmp_path):
    config_file.write_config(tmp_path, CONFIG, compare.COMPARISON_FILE)
    with pytest.raises(ValueError, match="comparison.json must list.*`presets` is mis"):
        compare.compare(output=tmp_path)
    config_file.write_config(tmp_path, CONFIG, compare.COMPARISON_FILE, presets=["hg3"])
    with pytest.raises(ValueError, match="Did you mean 'hg"):
        compare.compare(output=tmp_path)


def test_a_folder_of_something_else_is_not_that_of_a_comparison(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ValueError, match="`output` must be a new folder, or that of"):
        compare.compare("hg1", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_people_may_take_the_place_of_a_dataset(tmp_path):
    people = load_dataset("synthetic:12")
    options = {"recipe": CONFIG.recipe, "output": tmp_path / "rows", "verbose": 0}
    rows = compare.compare("hg1", dataset=people, **options)
    assert rows[0]["people"] == len(people.split("val"))
    with pytest.raises(ValueError, match="they are in no file"):
        (tmp_path / "rows" / "hg1" / compare.ROW_FILE).unlink()
        compare.compare(output=tmp_path / "rows", verbose=0)
