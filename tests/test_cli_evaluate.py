"""`hourglass-keras evaluate`, from networks to a page."""

import json

import pytest
from click.testing import CliRunner

from keras_hourglass import StackedHourglass
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


def test_two_networks_are_printed_with_intervals_compared_and_reported(
    networks, tmp_path
):
    one, two, _ = networks
    command = ["evaluate", one, two, "--dataset", "synthetic:2"]
    output = call(*command, "--flip", "--report", tmp_path / "deep" / "report").output
    assert output.count("5 people, 80 joints") == 2
    assert f"{two} less {one}, percentage points" in output and " to " in output
    page = (tmp_path / "deep/report/report.html").read_text()
    assert "The 5 worst of 5" in page and "Side by side" in page
    data = json.loads((tmp_path / "deep/report/report.json").read_text())
    assert [*data["models"]] == [str(one), str(two)]
    held = data["models"][str(one)]
    times = held["milliseconds"]
    assert times["loader"] > 0 < times["network"] and times["decoder"] >= 0
    assert len(held["worst"]) == 5 and len(held["by_joint"]) == 16
    assert len(data["comparisons"]) == 1


def test_data_has_intervals_and_the_difference_from_the_first(networks):
    one, _, coco = networks
    command = ["evaluate", one, coco, "--dataset", "synthetic:2", "--json"]
    reports = json.loads(call(*command).stdout)
    half = reports[str(one)]["thresholds"]["0.5"]
    assert half["intervals"].keys() == half["means"].keys()
    assert reports[str(coco)]["less"]["model"] == str(one)
    differences = reports[str(coco)]["less"]["thresholds"]["0.5"]
    assert differences["limbs"]["interval"][0] <= differences["limbs"]["difference"]


def test_a_decoder_is_what_one_asks_for():
    def offset(*options):
        command = ["evaluate", "photo", "--dataset", "synthetic:2", "--json"]
        (report,) = json.loads(call(*command, *options).stdout).values()
        return report["offset"]

    assert None not in offset() != offset("--decoder", "quarter")


def test_coco_is_judged_by_oks_too(networks, shared):
    pytest.importorskip("pycocotools")
    root = shared / "fixtures/coco_cc_by"
    output = call("evaluate", networks[2], "--dataset", f"coco:{root}").output
    assert "OKS: AP 0." in output and "17 of COCO's joints" in output


def test_a_folder_that_cannot_be_made_is_refused_before_anybody_is_judged(tmp_path):
    (tmp_path / "file").touch()
    command = ["evaluate", "no.keras", "--report", tmp_path / "file" / "report"]
    assert "no.keras" not in call(*command, status=1).output


@pytest.mark.parametrize(
    "arguments",
    ["a.keras a.keras", "--predictions x.mat --report y", "a.keras --report setup.py"],
)
def test_misuse_exits_with_two(arguments):
    call("evaluate", *arguments.split(), status=2)
