"""The command as a user meets it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from keras_hourglass import StackedHourglass, fuse
from keras_hourglass.models.config import COUNTS
from keras_hourglass.models.flops import count_macs, count_parameters
from keras_hourglass.models.loading import load_model
from keras_hourglass.training.config import create_config
from keras_hourglass.training.recipes import RECIPES
from keras_hourglass_cli import main as cli
from keras_hourglass_cli import train
from keras_hourglass_cli.options.training import READ_OPTIONS, with_datasets

TINY = "--stacks 1 --filters 4 --stem-filters 2 --depth 1 --image-size 32 --epochs 1"
TINY += " --batch-size 4 --dataset synthetic:4"


def call(*arguments, status=0):
    result = CliRunner().invoke(cli.main, [str(part) for part in arguments])
    assert result.exit_code == status, result.output
    return result


@pytest.fixture
def network(tmp_path):
    size = {"filters": 4, "stem_filters": 2, "depth": 1, "image_size": 32}
    StackedHourglass(stacks=1, **size).save(tmp_path / "model.keras")
    return tmp_path / "model.keras"


def test_help_imports_neither_keras_nor_the_library():
    code = (
        "import sys; from keras_hourglass_cli.main import main\n"
        "try: main(['--help'])\n"
        "finally: assert not {'keras', 'keras_hourglass', 'numpy'} & {*sys.modules}"
    )
    times = []
    for _ in range(3):
        started = os.times()
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
        ended = os.times()  # its own work, whatever else the machine does
        times.append(sum(ended[2:4]) - sum(started[2:4]))
    assert min(times) < 0.3


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_has_help(name):
    assert "Usage" in call(name, "--help").output


def test_defaults_in_the_help_are_the_constructors():
    output = " ".join(call("train", "--help").output.split())
    assert "(residual; detect: separable)" in output
    assert "(256; detect: 320)" in output and "(mpii)" in output


def test_an_unknown_command_says_what_was_meant():
    assert "Did you mean 'train'" in call("trian", status=2).output


def test_training_leaves_a_run_and_finishes_what_it_began(tmp_path, monkeypatch, eager):
    monkeypatch.setattr("keras_hourglass.data.datasets.synthetic.VALIDATION_COUNT", 4)
    command = ["train", *TINY.split(), "--recipe", "demo", "--output", tmp_path / "run"]
    output = call(*command).output
    assert "Best val_pckh" in output and (tmp_path / "run/best.keras").is_file()
    assert "nothing is left to do" in call("train", "--output", tmp_path / "run").output
    refused = call(*command, "--seed", 9, status=1).output
    assert "seed: 0, now 9" in refused
    quiet = call("--quiet", *command, "--restart")
    assert quiet.stdout.startswith("Best val_pckh") and "Epoch" not in quiet.stderr


def test_training_begins_anew_or_from_another_network(
    network, tmp_path, monkeypatch, eager, no_snapshots
):
    monkeypatch.setattr("keras_hourglass.data.datasets.synthetic.VALIDATION_COUNT", 4)
    output = ["--output", tmp_path / "run"]
    options = "--dataset synthetic:4 --batch-size 4 --epochs 1 --recipe paper"
    begun = ["train", *options.split(), *output, "--from", network]
    said = call(*begun, "--freeze", "stem", "--precision", "mixed_bfloat16").output
    assert "layers were loaded" in said and "weights are frozen" in said
    assert load_model(tmp_path / "run/best.keras").get_config()["filters"] == 4
    assert "nothing is left to do" in call(*begun).output
    other = ["--freeze", "stack_1", "--precision", "float32"]
    differs = call(*begun, *other, status=1).output
    assert (
        "precision: mixed_bfloat16, now float32; freeze: stem, now stack_1" in differs
    )
    assert "`--restart` begins anew" in differs and len(differs.splitlines()) == 1
    longer = call("train", *output, "--epochs", 2, "--devices", 1).output
    assert "was trained for 1 epoch; it goes on to 2: the recipe lowers" in longer
    taught = ["train", *options.split()[:-2], *output, "--teacher", network]
    taught += [*TINY.split()[:10], "--distill-weight", 0.25, "--fresh"]
    assert "Best val_pckh" in call(*taught).output
    assert '"distill_weight": 0.25' in (tmp_path / "run/run.json").read_text()


def test_channels_of_each_size_are_typed_with_commas(tmp_path, eager, no_snapshots):
    begun = ["train", *TINY.split(), "--output", tmp_path / "run"]
    call(*begun, "--filters", "4,6")
    assert load_model(tmp_path / "run/best.keras").filters == (4, 6)
    assert "nothing is left to do" in call(*begun, "--filters", "4,6").output
    assert "filters: 4, 6, now 4" in call(*begun, status=1).output
    assert (
        "or 2 for depth 1"
        in call(*begun[:-1], "x", "--filters", "4,6,8", status=1).output
    )
    for typed, says in (("4,", "'4,' is no integer"), ("4,1", "1 is not in the range")):
        assert says in call(*begun, "--filters", typed, status=2).output


@pytest.mark.parametrize(
    "arguments, says",
    [
        ("train --dataset crops:nowhere", "`DIR` must be a folder"),
        ("train --dataset mpi:there", "Did you mean 'mpii'"),
        ("train --dataset crops:x*-1", "SHARE 0 or above"),
        ("train --dataset synthetic:8 --image-size 100", "must be multiples of 64"),
        ("evaluate nothing.keras --root x", "nothing.keras"),
        ("export nothing.keras x", "must be a .keras file, the folder of a"),
        ("export hg2 x", "must be a preset with weights"),
        ("compare --presets lihgter --output x", "Did you mean 'lighter'"),
        ("info hg3", "Did you mean 'hg"),
        ("info tests", "must be a .keras file, or the folder of a"),
        ("data prepare --dataset crops:nowhere --output x", "`DIR` must be a folder"),
        ("data check --dataset mpii:tests", "`DIR` must hold"),
        ("benchmark loader --dataset synthetic:none", "takes a number of people"),
    ],
)
def test_what_goes_wrong_is_one_line_on_stderr(arguments, says):
    result = call(*arguments.split(), status=1)
    (line,) = [line for line in result.stderr.splitlines() if line.strip()]
    assert line.startswith("Error: ") and says in line
    with pytest.raises(Exception, match=says[6:]):  # "`DIR`" is the command's word
        CliRunner().invoke(
            cli.main, ["--traceback", *arguments.split()], catch_exceptions=False
        )


@pytest.mark.parametrize(
    "arguments",
    [
        *("train --block gost", "train --root x", "evaluate", "compare"),
        *("predict", "data", "data prepare --dataset crops:x"),
        "data prepare --dataset crops:x*2 --output y",
        "data check --dataset crops:x --root y",
    ],
)
def test_misuse_exits_with_two(arguments):
    call(*arguments.split(), status=2)


def test_options_that_are_not_typed_are_left_out():
    context = train.command.make_context("train", ["--output", "run", "--seed", "0"])
    typed = with_datasets(context.params)
    assert typed == {"output": Path("run"), "seed": 0, "devices": 1}
    # A flag that was taken for typed would be refused without a dataset, and would
    # differ from that of a run that goes on.
    config = create_config(
        seed=typed["seed"], **{k: typed.get(k) for k in READ_OPTIONS}
    )
    assert config.recipe == RECIPES["demo"]
    context = train.command.make_context("train", ["--rescale"])
    assert with_datasets(context.params)["rescale"] is True


def test_info_as_data_has_the_numbers_of_the_network():
    (row,) = json.loads(call("info", "lighter/hg1_ghost", "--json").stdout)
    assert row == {
        "name": "lighter/hg1_ghost",
        "task": "pose",
        "stacks": 1,
        "block": "ghost",
        "blocks": 4,
        "parameters": 2_165_872,
        "multiply_adds": 2_764_984_320,
        "row": "Single, Ghost Bottleneck",
        "printed": 2.2,
        "matches": True,
    }
    assert "(13.7M)" in call("info", "lighter/hg1_multidilated").output


def test_info_knows_the_detectors():
    (row,) = json.loads(call("info", "people", "--json").stdout)
    assert (row["task"], row["block"]) == ("detect", "separable")
    assert row["parameters"] == COUNTS["people"].parameters
    assert {"photo", "people"} <= {*call("info").output.split()}


def test_info_is_read_from_a_table_without_keras():
    code = "import sys; from keras_hourglass_cli.main import main\n"
    code += "try: main(['info'])\n"
    code += "finally: assert not {'keras', 'tensorflow'} & {*sys.modules}"
    command = [sys.executable, "-c", code]
    ended = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "lighter/hg2_multidilated_dense" in ended.stdout


def test_info_counts_a_trained_network_by_any_of_its_paths(network, tmp_path):
    (by_file,) = json.loads(call("info", network, "--json").stdout)
    assert by_file == {
        "name": str(network),
        **{"task": "pose", "stacks": 1, "block": "residual", "blocks": 1},
        "parameters": count_parameters(load_model(network)),
        "multiply_adds": count_macs(load_model(network)),
        **{"row": None, "printed": None, "matches": True},
    }
    fuse(load_model(network)).save(tmp_path / "fused.keras")
    (fused,) = json.loads(call("info", tmp_path / "fused.keras", "--json").stdout)
    assert (fused["stacks"], fused["block"]) == (1, "residual")
    run = tmp_path / "run"
    run.mkdir()
    network.rename(run / "best.keras")
    (run / "run.json").write_text("{}")
    for path in (run, f"{run}/", run / "run.json"):
        (by_run,) = json.loads(call("info", path, "--json").stdout)
        assert by_run == {**by_file, "name": str(run)}
    output = call("info", run, "photo").output
    assert output.index(str(run)) < output.index("882,496")


def test_evaluate_prints_every_convention(network):
    command = ["evaluate", network, "--dataset", "synthetic:2"]
    output = call(*command).output
    for text in (
        "400 people",
        "Head",
        "Ankle",
        "mean_by_count",
        "limbs",
        "signed error",
    ):
        assert text in output
    report = json.loads(call(*command, "--flip", "--json").stdout)[str(network)]
    assert report["people"] == 400 and len(report["thresholds"]["0.5"]["means"]) == 4


def test_evaluate_scores_a_file_of_predictions(shared):
    path = shared / "mpii/reference_predictions/bearpaw-hg_s8_b1.mat"
    command = ["evaluate", "--predictions", path, "--root", shared / "mpii", "--json"]
    report = json.loads(call(*command).stdout)[str(path)]
    means = report["thresholds"]["0.5"]["means"]
    assert means["mean_of_joints"] == pytest.approx(88.64, abs=0.005)


def test_benchmark_network_measures_every_way_and_says_what_does_not_run(eager):
    tiny = ["--image-size", 64, "--batch-size", 1, "--seconds", 0]
    command = ["benchmark", "network", "hg1", "--precision", "float32", *tiny]
    found = json.loads(call(*command, "--json").stdout)
    assert [row["training"] for row in found["rows"]] == [False, True]
    assert all(row["people_per_second"] > 0 for row in found["rows"])
    assert found["device"] and found["peaks"]["float32"] > 0
    command[command.index("--image-size") + 1] = 100
    refused = call(*command).stdout
    assert refused.count("must be multiples of 64") == 2


def test_benchmark_network_measures_other_networks_than_presets(eager):
    other = [
        "--filters",
        "4,8,8",
        "--depth",
        2,
        "--stem-filters",
        4,
        "--image-size",
        16,
    ]
    command = ["benchmark", "network", "hg1", *other, "--recipe", "photo"]
    fast = ["--precision", "float32", "--batch-size", 1, "--seconds", 0]
    rows = json.loads(call(*command, *fast, "--json").stdout)["rows"]
    made = StackedHourglass(
        stacks=1, filters=(4, 8, 8), depth=2, stem_filters=4, image_size=16
    )
    assert {row["parameters"] for row in rows} == {count_parameters(made)}
    assert {row["multiply_adds"] for row in rows} == {count_macs(made)}


def test_benchmark_loader_prints_people_per_second_and_core():
    command = ["benchmark", "loader", "--dataset", "synthetic:32", "--image-size", 64]
    report = json.loads(call(*command, "--people", 32, "--json").stdout)
    assert report["people"] == 32 and report["people_per_second_per_core"] > 0
    times = report["milliseconds"]
    assert report["bottleneck"] == max(times, key=times.get)
    assert times.pop("read") == 0 < min(times.values())  # drawn people are in no file
    one = call(*command, "--people", 1).stdout
    assert "people per second per core" in one and "The bottleneck is" in one


def test_export_says_which_version_it_wrote(network, tmp_path):
    pytest.importorskip("tensorflow")
    command = ["export", network, tmp_path / "people", "--max-pixels", 9]
    written = call(*command).stdout.splitlines()[-1]
    assert written.startswith("savedmodel") and written.endswith("people/1")
    about = (tmp_path / "people/1/assets/about.json").read_text()
    assert "9 pixels" in json.loads(about)["signatures"]["serving_default"]
    call(*command, "--format", "savedmodle", status=2)
