"""`hourglass-keras evaluate`, from models to tables, data and a report."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from keras_hourglass import StackedHourglass, load_model
from keras_hourglass_cli import main as cli


def call(*arguments, status=0):
    result = CliRunner().invoke(cli.main, [str(part) for part in arguments])
    assert result.exit_code == status, result.output
    return result


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    folder, paths = tmp_path_factory.mktemp("networks"), []
    size = {"filters": 4, "stem_filters": 2, "depth": 1, "image_size": 32}
    for name, skeleton in [("a", "mpii"), ("b", "mpii"), ("coco", "coco")]:
        paths.append(folder / f"{name}.keras")
        StackedHourglass(stacks=1, skeleton=skeleton, **size).save(paths[-1])
    return paths


@pytest.fixture(autouse=True)
def few_validate(monkeypatch):
    monkeypatch.setattr("keras_hourglass.data.datasets.synthetic.VALIDATION_COUNT", 5)


def test_two_models_are_printed_with_intervals_compared_and_reported(
    networks, tmp_path
):
    one, two, _ = networks
    command = ["evaluate", one, two, "--dataset", "synthetic:2"]
    output = call(*command, "--flip", "--report", tmp_path / "deep" / "report").output
    assert output.count("5 people, 80 joints") == 2
    assert f"{two} less {one}, percentage points" in output and " to " in output
    page = (tmp_path / "deep/report/report.html").read_text()
    assert "lowest PCKh (5 of 5)" in page and "Comparison" in page
    data = json.loads((tmp_path / "deep/report/report.json").read_text())
    assert [*data["models"]] == [str(one), str(two)]
    report = data["models"][str(one)]
    times = report["milliseconds"]
    assert times["loader"] > 0 < times["network"] and times["decoder"] >= 0
    assert len(report["hardest"]) == 5 and len(report["by_joint"]) == 16
    assert len(data["comparisons"]) == 1


def test_a_calibrated_network_is_written(tmp_path, monkeypatch):
    count = "keras_hourglass.data.datasets.synthetic.VALIDATION_COUNT"
    monkeypatch.setattr(count, 60)
    network = tmp_path / "out/calibrated.keras"
    command = ["evaluate", "photo", "--dataset", "synthetic:2", "--runtime", "keras"]
    output = call(*command, "--calibrate", network).output
    assert (
        "fitted to 960 joints" in output and f"Calibrated network: {network}" in output
    )
    slope, intercept = load_model(network).calibration
    assert f"Calibration: slope {slope:g}, intercept {intercept:g}" in output
    again = call("evaluate", network, *command[2:], "--calibrate", network).output
    assert load_model(network).calibration == pytest.approx((slope, intercept), abs=0.1)
    assert "fitted to 960 joints" in again


@pytest.mark.parametrize(
    "arguments",
    [
        ("photo", "--calibrate", "a.h5"),
        ("photo", "photo_small", "--calibrate", "a.keras"),
        ("people", "--task", "detect", "--calibrate", "a.keras"),
        ("--predictions", "a.mat", "--calibrate", "a.keras"),
    ],
)
def test_one_network_of_poses_is_calibrated(arguments):
    result = call("evaluate", *arguments, status=2)
    assert "--calibrate OUT.keras goes with one MODEL of poses" in result.stderr


def test_an_exported_file_is_not_calibrated(tmp_path):
    path = tmp_path / "a.tflite"
    path.write_bytes(b"")
    call("evaluate", path, "--calibrate", tmp_path / "b.keras", status=1)
    assert not (tmp_path / "b.keras").exists()


def test_data_has_intervals_and_the_difference_from_the_first(networks):
    one, _, coco = networks
    command = ["evaluate", one, coco, "--dataset", "synthetic:2", "--json"]
    reports = json.loads(call(*command).stdout)
    half = reports[str(one)]["thresholds"]["0.5"]
    assert half["intervals"].keys() == half["means"].keys()
    assert reports[str(coco)]["compared_with"]["model"] == str(one)
    differences = reports[str(coco)]["compared_with"]["thresholds"]["0.5"]
    assert differences["limbs"]["interval"][0] <= differences["limbs"]["difference"]


def test_the_decoder_is_the_one_of_the_option():
    def offset(*options):
        command = ["evaluate", "photo", "--dataset", "synthetic:2", "--json"]
        (report,) = json.loads(call(*command, *options).stdout).values()
        return report["offset"]

    assert None not in offset() != offset("--decoder", "quarter")


def test_coco_is_scored_by_oks_too(networks, shared):
    pytest.importorskip("pycocotools")
    root = shared / "fixtures/coco_cc_by"
    output = call("evaluate", networks[2], "--dataset", f"coco:{root}").output
    assert "OKS: AP 0." in output and "17 joints, COCO's sigmas" in output


def test_an_unusable_report_folder_is_an_error_before_any_work(tmp_path):
    (tmp_path / "file").touch()
    command = ["evaluate", "no.keras", "--report", tmp_path / "file" / "report"]
    assert "no.keras" not in call(*command, status=1).output


TWO = "--dataset crops:a --dataset crops:b"


@pytest.mark.parametrize(
    "arguments",
    [
        *("a.keras a.keras", "--predictions x.mat --report y"),
        *("a.keras --report setup.py", f"a.keras {TWO} --root c"),
        *(f"a.keras {TWO} --end-to-end", f"a.keras {TWO} --task detect"),
        *(f"--predictions x.mat {TWO}", f"a.keras {TWO} --report y"),
        *("a.keras --boxes true --boxes shaken --report y", "a.keras --min-size 0"),
        *("a.keras --boxes true --boxes true", "--predictions x.mat --groups"),
        *("a.keras --groups --end-to-end", "a --task detect --boxes shaken"),
        *("a --task detect --min-size 9", "a.keras --dataset lsp:a --dataset lsp:a"),
        *("a.keras --detector people", "a --task detect --flip"),
        "a --task detect --decoder quarter",
    ],
)
def test_misuse_exits_with_two(arguments):
    call("evaluate", *arguments.split(), status=2)


def test_several_datasets_and_boxes_are_printed_with_groups(networks, noise):
    one, two, _ = networks
    command = ["evaluate", one, two, "--dataset", "synthetic:2"]
    command += ["--dataset", f"crops:{noise}", "--boxes", "true", "--boxes", "shaken"]
    output = call(*command, "--groups").output
    for model in (one, two):
        for dataset in ("synthetic:2", f"crops:{noise}"):
            assert f"{model} on {dataset}: " in output
            assert f"{model} on {dataset}, shaken boxes: " in output
    assert output.count("percentage points, on the same people of ") == 4
    assert output.count("of limbs, %, by group") == 2
    assert "  10 to 12" in output and f"{two}, shaken boxes" in output
    data = json.loads(call(*command, "--groups", "--json").stdout)
    scores = data[f"crops:{noise}"][str(two)]["shaken"]
    assert scores["compared_with"]["model"] == str(one) and scores["people"] == 7
    assert scores["groups"]["everyone"][0]["people"] == 7


def test_a_detector_of_the_command_is_told_in_its_words(networks, noise):
    command = ["evaluate", networks[0], "--dataset", f"crops:{noise}", "--boxes"]
    output = call(*command, "peple", status=1).output
    assert "`--boxes` must be 'true', 'shaken', or a detector's name" in output
    assert "Received: --boxes='peple'" in output


def test_people_are_predicted_in_the_boxes_of_a_plugin(
    networks, noise, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    code = "def find(image):\n    return [[8, 8, 32, 32, 0.8]]\n"
    (tmp_path / "middle_of_noise.py").write_text(code)
    command = ["evaluate", networks[0], "--dataset", f"crops:{noise}", "--groups"]
    output = call(*command, "--boxes", "middle_of_noise:find", "--min-size", 9).output
    assert "7 of 7 people found in boxes of 'middle_of_noise:find'" in output
    assert "boxes of 'middle_of_noise:find': found" in output


@pytest.mark.parametrize("flag", ["--all-splits", "--everybody"])
def test_all_splits_are_evaluated_by_the_new_and_the_old_name(networks, flag):
    command = ["evaluate", networks[0], "--dataset", "synthetic:2"]
    assert "5 people, 80 joints" in call(*command).output
    assert "7 people, 112 joints" in call(*command, flag).output
    assert "--everybody" not in call("evaluate", "--help").output


def test_a_file_of_predictions_is_scored_without_keras(shared):
    path = shared / "mpii/reference_predictions/bearpaw-hg_s8_b1.mat"
    command = ["evaluate", "--predictions", path, "--root", shared / "mpii", "--json"]
    code = (
        "import sys; from keras_hourglass_cli.main import main\n"
        f"main({[str(part) for part in command]}, standalone_mode=False)\n"
        "assert not {'keras', 'tensorflow'} & {*sys.modules}"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    (report,) = json.loads(done.stdout).values()
    assert report["pckh"] == pytest.approx(89.09, abs=0.0051)
