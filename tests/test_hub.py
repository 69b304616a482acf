"""Presets on the Hugging Face Hub: a small server speaks its protocol."""

import importlib.util
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import keras_hourglass as kh
from keras_hourglass.models.loading import model_name
from keras_hourglass.models.presets.hub import is_address, parse_address
from keras_hourglass_cli import main as cli

TINY = {"stacks": 1, "filters": 8, "stem_filters": 4, "depth": 1, "image_size": 16}
MINE = "hf://me/mine"


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("presets") / "mine"
    kh.StackedHourglass(**TINY).save_to_preset(folder)
    return folder


@pytest.fixture
def hub(saved, tmp_path, monkeypatch):
    """A hub with the repository `me/mine`, and an empty cache."""
    constants = pytest.importorskip("huggingface_hub.constants")
    api = pytest.importorskip("huggingface_hub.hf_api").api
    path = Path(__file__).with_name("hub_server.py")
    spec = importlib.util.spec_from_file_location("hub_server", path)
    spec.loader.exec_module(module := importlib.util.module_from_spec(spec))
    with module.Hub() as hub:
        monkeypatch.setattr(constants, "ENDPOINT", hub.url)
        monkeypatch.setattr(api, "endpoint", hub.url)
        template = hub.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setenv("HF_TOKEN", "hf_none")
        files = {path.name: path.read_bytes() for path in saved.iterdir()}
        hub.repositories["me/mine"] = files
        yield hub


@pytest.mark.parametrize(
    "address, parts",
    [
        ("hf://me/mine", ("me/mine", None)),
        ("hf://me/mine@v1.0", ("me/mine", "v1.0")),
        ("hf://a.b/c_d-e@refs/pr/1", ("a.b/c_d-e", "refs/pr/1")),
        (Path("hf://me/mine"), ("me/mine", None)),  # which has one slash less
    ],
)
def test_an_address_is_a_repository_and_a_revision(address, parts):
    assert is_address(address) and parse_address(address) == parts


@pytest.mark.parametrize(
    "address",
    ["hf://", "hf://mine", "hf://me/mine/more", "hf://me/mine@", "hf://me/my model"]
    + ["hf://me/mine@../../etc", "hf://me/mine@/etc"],
)
def test_a_malformed_address_is_refused_before_any_connection(address):
    for load, name in [
        (kh.StackedHourglass.from_preset, "name"),
        (kh.load_model, "model"),
        (kh.PoseEstimator, "model"),
    ]:
        with pytest.raises(ValueError, match=f"`{name}` must be an address 'hf://USE"):
            load(address)
    with pytest.raises(ValueError, match="`uri` must be an address 'hf://USER/NAME'"):
        kh.upload_preset(address, "mine")


def test_without_huggingface_hub_the_extra_is_named(monkeypatch, saved):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    for use in (kh.load_model, lambda address: kh.upload_preset(address, saved)):
        with pytest.raises(
            ModuleNotFoundError, match=r"hf://me/mine needs hug.*\[hub\]"
        ):
            use(MINE)


def test_a_repository_is_loaded_and_then_found_in_the_cache(hub):
    model = kh.StackedHourglass.from_preset(MINE)
    assert model.image_size == (16, 16) and model_name(MINE) == MINE
    hub.repositories.clear()
    hub.server.shutdown()
    hub.server.server_close()
    assert kh.load_model(f"{MINE}@main").count_params() == model.count_params()


def test_the_command_takes_addresses(hub):
    result = CliRunner().invoke(cli.main, ["info", MINE], catch_exceptions=False)
    assert result.exit_code == 0 and MINE in result.output
    result = CliRunner().invoke(cli.main, ["info", "hf://me/none"])
    assert result.exit_code == 1
    assert "Error: hf://me/none cannot be reached: there is none" in result.output


def test_an_uploaded_preset_loads_and_its_card_names_the_address(hub, saved, tmp_path):
    for path in saved.iterdir():
        (tmp_path / "mine").mkdir(exist_ok=True)
        (tmp_path / "mine" / path.name).write_bytes(path.read_bytes())
    for name in ("notes.txt", "data/README.md", ".env"):  # of the user's own
        (tmp_path / "mine" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "mine" / name).write_text("private")
    kh.upload_preset("hf://me/new", tmp_path / "mine")
    files = hub.repositories["me/new"]
    assert {*files} == {path.name for path in saved.iterdir()}
    assert files["model.weights.h5"] == (saved / "model.weights.h5").read_bytes()
    assert b'PoseEstimator("hf://me/new")' in files["README.md"]
    assert kh.load_model("hf://me/new").image_size == (16, 16)
    with pytest.raises(FileNotFoundError, match="`preset` must be .* no config.json"):
        kh.upload_preset("hf://me/new", tmp_path)


@pytest.mark.parametrize(
    "address, says",
    [
        ("hf://me/none", "there is none, or it is private: `hf auth login`"),
        ("hf://me/gated", "its terms must be accepted on its page"),
        ("hf://me/mine@v9", "it has no such revision"),
    ],
)
def test_a_repository_that_cannot_be_read_is_one_line(hub, address, says):
    hub.gated.add("me/gated")
    with pytest.raises(OSError, match=f"^{address} cannot be reached: {says}") as error:
        kh.load_model(address)
    assert "\n" not in str(error.value)


def test_a_repository_of_something_else_is_refused(hub):
    hub.repositories["me/bert"] = {"config.json": b'{"model_type": "bert"}'}
    hub.repositories["me/empty"] = {"pytorch_model.bin": b""}
    for name in ("bert", "empty"):
        with pytest.raises((OSError, ValueError), match="of a preset, and has no "):
            kh.load_model(f"hf://me/{name}")


def test_no_connection_is_one_line(hub, saved):
    hub.server.shutdown()
    hub.server.server_close()
    for use in (kh.load_model, lambda address: kh.upload_preset(address, saved)):
        with pytest.raises(
            OSError, match="hf://me/mine cannot be reached: .+"
        ) as error:
            use(MINE)
        assert "\n" not in str(error.value)
