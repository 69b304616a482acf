"""Networks saved as preset folders, and loaded from them."""

import json
import re
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

import keras_hourglass as kh
from keras_hourglass.models.presets import PRESETS, facts, with_weights

TINY = {"stacks": 1, "filters": 8, "stem_filters": 4, "depth": 1}
TINY |= {"image_size": (16, 24), "offset": (0.25, -0.5), "block": "separable"}
FILES = {"config.json", "model.weights.h5", "metadata.json", "README.md"}
CAT = kh.Skeleton(["nose", "left_paw", "right_paw"], limbs=[("nose", "left_paw")])


@pytest.fixture(scope="module")
def model():
    return kh.StackedHourglass(skeleton=CAT, **TINY)


@pytest.fixture(scope="module")
def saved(model, tmp_path_factory):
    """Folder of a preset that no test changes."""
    folder = tmp_path_factory.mktemp("presets") / "cats"
    model.save_to_preset(folder)
    return folder


@pytest.fixture
def folder(saved, tmp_path):
    """A copy of it, to be damaged."""
    for path in saved.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def change_config(folder, **changes):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | changes))


def require_equal(one, other):
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_folder_gives_the_same_network_with_its_skeleton_size_and_offset(
    model, saved
):
    assert {path.name for path in saved.iterdir()} == FILES
    for load in (kh.StackedHourglass.from_preset, kh.load_model):
        loaded = load(saved)
        assert loaded.get_config() == model.get_config() and not loaded.compiled
        assert loaded.skeleton == CAT and loaded.facts is None
        require_equal(loaded, model)


def test_calibration_is_that_of_the_weights(tmp_path):
    model = kh.StackedHourglass(1, filters=4, stem_filters=2, depth=1, image_size=16)
    model.calibration = (2.0, -1.0)
    model.save_to_preset(tmp_path / "preset")
    model.save_weights(tmp_path / "other.weights.h5")
    loaded = kh.StackedHourglass.from_preset(tmp_path / "preset")
    assert loaded.calibration == (2.0, -1.0)
    loaded.load_weights(tmp_path / "other.weights.h5")
    assert loaded.calibration is None


def test_the_files_are_laid_out_as_those_of_keras_hub(model, saved):
    config = json.loads((saved / "config.json").read_text())
    assert [*config] == ["module", "class_name", "config", "registered_name"]
    assert config["registered_name"] == "keras_hourglass>StackedHourglass"
    metadata = json.loads((saved / "metadata.json").read_text())
    assert metadata["parameter_count"] == model.count_params()
    assert metadata["keras_version"] == keras.version()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d@\d\d:\d\d:\d\d", metadata["date_saved"])


def test_weights_of_a_compiled_network_have_no_optimizer_beside_them(model, tmp_path):
    copy = type(model).from_config(model.get_config())
    copy.set_weights(model.get_weights())
    copy.compile("adam", kh.HeatmapLoss(), metrics=[kh.PCKh()])
    copy.optimizer.build(copy.trainable_variables)
    copy.save_to_preset(tmp_path)
    with h5py.File(tmp_path / "model.weights.h5") as file:
        assert "optimizer" not in file
    require_equal(kh.load_model(tmp_path), model)


def test_the_inference_form_comes_back_as_such(model, tmp_path):
    fused = kh.fuse(model)
    fused.save_to_preset(tmp_path)
    loaded = kh.load_model(tmp_path)
    assert type(loaded) is type(fused) and loaded.skeleton == CAT
    images = np.random.default_rng(0).integers(0, 256, (1, 16, 24, 3), "uint8")
    expected = fused.predict_on_batch(images)
    np.testing.assert_array_equal(loaded.predict_on_batch(images), expected)
    with pytest.raises(ValueError, match="is fused: none of its arguments may change"):
        kh.StackedHourglass.from_preset(tmp_path, image_size=32)


def test_weights_in_16_bits_are_kept_as_they_are(tmp_path):
    keras.config.set_dtype_policy("bfloat16")
    try:
        model = kh.StackedHourglass(skeleton=CAT, **TINY)
        model.save_to_preset(tmp_path)
    finally:
        keras.config.set_dtype_policy("float32")
    loaded = kh.load_model(tmp_path)
    assert {str(weight.dtype) for weight in loaded.weights} == {"float32"}
    for a, b in zip(model.weights, loaded.weights, strict=True):
        a, b = (
            keras.ops.convert_to_numpy(keras.ops.cast(x, "float32")) for x in (a, b)
        )
        np.testing.assert_array_equal(a, b)


def test_sizes_and_offsets_may_change_and_weights_hold_the_rest(saved, tmp_path):
    load = kh.StackedHourglass.from_preset
    assert load(saved, image_size=32, offset=(0, 0)).image_size == (32, 32)
    assert load(saved, skeleton=CAT).skeleton == CAT
    assert not load(saved, trainable=False).trainable_weights
    assert load(saved, load_weights=False, stacks=2).stacks == 2
    frozen = load(saved)
    frozen.get_layer("stack_1").trainable = False
    frozen.save_to_preset(tmp_path)
    assert not load(tmp_path).get_layer("stack_1").trainable
    assert load(tmp_path, load_weights=False).get_layer("stack_1").trainable
    with pytest.raises(ValueError, match="`load_weights` must be False where `stacks`"):
        load(saved, stacks=2)
    with pytest.raises(TypeError, match="no argument 'stack'. Did you mean 'stacks'"):
        load(saved, stack=2)
    with pytest.raises(ValueError, match="where `skeleton` changes"):
        load(saved, skeleton="mpii")


def test_channels_of_each_size_are_kept_and_described(tmp_path):
    model = kh.StackedHourglass(**{**TINY, "filters": (4, 8)})
    model.save_to_preset(tmp_path)
    card = (tmp_path / "README.md").read_text()
    assert "4 (at smaller sizes 8) channels" in card
    load = kh.StackedHourglass.from_preset
    assert load(tmp_path, filters=(4, 8)).filters == load(tmp_path).filters == (4, 8)
    with pytest.raises(
        ValueError, match="`load_weights` must be False where `filters`"
    ):
        load(tmp_path, filters=4)


@keras.saving.register_keras_serializable("test_preset_folder")
class NoisyBlock(kh.Bottleneck):
    """A block whose weights are fewer than its variables: dropout has a seed."""

    def branch_layers(self):
        conv = keras.layers.Conv2D(self.filters, 1)
        return [keras.layers.ReLU(), conv, keras.layers.Dropout(0.1)]


def test_a_custom_block_loads_where_it_is_registered(tmp_path):
    model = kh.StackedHourglass(**{**TINY, "block": NoisyBlock})
    model.save_to_preset(tmp_path)
    require_equal(kh.load_model(tmp_path), model)
    name = keras.saving.get_registered_name(NoisyBlock)
    with pytest.MonkeyPatch.context() as patch:
        patch.delitem(keras.saving.get_custom_objects(), name)
        with pytest.raises(ValueError, match=f"needs the class '{name}', which is not"):
            kh.load_model(tmp_path)


def test_a_class_that_no_file_could_name_is_refused(tmp_path):
    class Mine(kh.StackedHourglass):
        pass

    with pytest.raises(ValueError, match="registered with Keras: .*Received: a Mine"):
        Mine(**TINY).save_to_preset(tmp_path / "mine")
    assert not (tmp_path / "mine").exists()


def test_other_files_in_the_folder_are_not_mixed_with_a_preset(model, tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ValueError, match="`directory` must be a new folder, or that"):
        model.save_to_preset(tmp_path)
    with pytest.raises(OSError, match="thesis.txt"):
        model.save_to_preset(tmp_path / "thesis.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_preset_is_replaced_but_for_its_card(model, folder):
    (folder / "README.md").write_text("By hand.")
    (folder / "photo.jpg").write_bytes(b"")
    (folder / "model.weights.h5").write_text("old")
    model.save_to_preset(folder)
    assert (folder / "README.md").read_text() == "By hand."
    require_equal(kh.load_model(folder), model)


def test_a_full_disk_leaves_the_old_preset(model, folder, monkeypatch):
    def fail(path, *_, **__):
        Path(path).write_bytes(b"half")
        raise OSError("Can't write data (errno = 28, No space left on device)")

    old = {path.name: path.read_bytes() for path in folder.iterdir()}
    with monkeypatch.context() as patch:
        patch.setattr(type(model), "save_weights", lambda _, path: fail(path))
        with pytest.raises(OSError, match="No space left") as error:
            model.save_to_preset(folder)
        assert error.value.filename == str(folder / "config.json")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == old


def test_missing_files_are_named(folder):
    load = kh.StackedHourglass.from_preset
    (folder / "model.weights.h5").unlink()
    with pytest.raises(FileNotFoundError, match="has no model.weights.h5"):
        load(folder)
    assert load(folder, load_weights=False).skeleton == CAT
    (folder / "config.json").unlink()
    with pytest.raises(FileNotFoundError, match="of a preset, and has no config.json"):
        load(folder)
    with pytest.raises(ValueError, match="preset, its folder, or 'hf://USER/NAME'"):
        load(str(folder / "none"))
    (folder / "best.keras").write_text("")
    with pytest.raises(FileNotFoundError, match="It is a run: `load_model` loads"):
        load(folder)


@pytest.mark.parametrize(
    "content, says",
    [
        ("{", "must be JSON. Received: a damaged file"),
        ("[" * 100_000, "must be JSON. Received: a damaged file"),
        ("[1]", r"must hold an object. Received: \[1\]"),
        ('{"model_type": "bert"}', "must be the .* in Keras's format. .*'model_type'"),
    ],
)
def test_a_foreign_or_damaged_configuration_is_refused(folder, content, says):
    (folder / "config.json").write_text(content)
    with pytest.raises(ValueError, match=f"config.json {says}"):
        kh.load_model(folder)


def test_a_configuration_of_another_class_is_refused(folder):
    change_config(folder, registered_name="keras_hourglass>PCKh")
    with pytest.raises(ValueError, match="configuration of a StackedHourglass.*PCKh"):
        kh.load_model(folder)
    change_config(folder, registered_name="keras_hub>BertBackbone")
    with pytest.raises(ValueError, match="'keras_hub>BertBackbone', which is not reg"):
        kh.load_model(folder)
    change_config(folder, registered_name="keras_hourglass>StackedHourglass", config={})
    with pytest.raises(
        ValueError, match="must hold the .* weights of the network that"
    ):
        kh.load_model(folder)
    change_config(folder, config={"network": 1})
    with pytest.raises(ValueError, match="configuration of a network in Keras's form"):
        kh.load_model(folder)
    change_config(folder, config={"stacks": 0})
    with pytest.raises(ValueError, match="Received: `stacks` must be a positive int"):
        kh.load_model(folder)


def test_no_code_in_a_configuration_is_run(model, folder):
    """Also of the inference form, whose layers are in the configuration."""
    for kind in ("__typespec__", "__lambda__", "function", "__numpy__"):
        change_config(folder, class_name=kind, module="os")
        assert type(kh.load_model(folder)) is type(model)
    kh.fuse(model).save_to_preset(folder)
    config = json.loads((folder / "config.json").read_text())
    config["config"]["graph"]["layers"][-1] = {
        "module": "keras.layers",
        "class_name": "Lambda",
        "config": {"name": "x", "function": {"class_name": "__lambda__", "config": {}}},
        "registered_name": None,
        "inbound_nodes": [],
        "name": "x",
    }
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match="config.json must be the configuration of"):
        kh.load_model(folder)


def test_weights_that_are_damaged_or_of_another_network_are_refused(folder, tmp_path):
    path = folder / "model.weights.h5"
    content = path.read_bytes()
    for damaged in (content[: len(content) // 2], b"text", b""):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match="h5 must be a file of weights. .*damaged"):
            kh.load_model(folder)
    # Keras itself loads the first stack of two without a word.
    two = kh.StackedHourglass(skeleton=CAT, **{**TINY, "stacks": 2})
    two.save_weights(path)
    with pytest.raises(ValueError, match=f"Received: {two.count_params():,}"):
        kh.load_model(folder)


@pytest.mark.parametrize("kind", ["link", "storage"])
def test_weights_that_would_be_read_from_another_file_are_refused(
    kind, folder, tmp_path
):
    (tmp_path / "secret").write_bytes(bytes(4096))
    with h5py.File(folder / "model.weights.h5", "r+") as file:
        if kind == "link":
            file["more"] = h5py.ExternalLink(str(tmp_path / "secret"), "weights")
        else:
            place = [(str(tmp_path / "secret"), 0, 4096)]
            file.create_dataset("more", (1024,), "float32", external=place)
    with pytest.raises(ValueError, match="h5 must be a file of.*refers to other files"):
        kh.load_model(folder)


def test_weights_of_other_shapes_are_refused(folder):
    path = folder / "model.weights.h5"
    with h5py.File(path, "r+") as file:
        names = []
        file.visit(names.append)
        name = next(n for n in names if len(getattr(file[n], "shape", ())) == 4)
        values = file[name][()]
        del file[name]
        file[name] = values.ravel()
    with pytest.raises(ValueError, match="a damaged file, or weights of other shapes"):
        kh.load_model(folder)


def read_header(folder):
    yaml = pytest.importorskip("yaml")
    _, header, _ = (folder / "README.md").read_text().split("---\n", 2)
    return yaml.safe_load(header)


@pytest.mark.parametrize("name", with_weights("pose"))
def test_facts_of_packaged_presets_are_those_of_the_model_card(name):
    page = (Path(__file__).parents[1] / "docs" / "model-card.md").read_text()
    known = PRESETS[name].facts
    figures = [f"{known.people:,}", *(f"{score.percent}" for score in known.scores)]
    figures += [*map(str, re.findall(r"[\d,]+(?= people)", " ".join(known.datasets)))]
    for figure in figures:
        assert re.search(rf"(?<![\d.,]){re.escape(figure)}(?![\d])", page), figure


def test_the_card_describes_network_use_and_facts_of_its_training(tmp_path):
    model = kh.StackedHourglass(**TINY)
    model.facts = PRESETS["photo_small"].facts
    model.save_to_preset(tmp_path / "shared")
    header = read_header(tmp_path / "shared")
    assert header["library_name"] == "keras" and header["license"] == "apache-2.0"
    assert header["pipeline_tag"] == "keypoint-detection"
    assert "pose-estimation" in header["tags"] and header["metrics"] == ["pckh"]
    (index,) = header["model-index"]
    assert index["name"] == "shared"
    assert [r["metrics"][0]["value"] for r in index["results"]] == [74.4, 74.6]
    card = (tmp_path / "shared" / "README.md").read_text()
    for part in (
        "# shared",
        "1 stack of the block `separable`",
        "24 x 16",
        "19,952",
        "right_wrist",
    ):
        assert part in card
    loaded = kh.load_model(tmp_path / "shared")
    assert loaded.facts == model.facts
    assert kh.fuse(loaded).facts == model.facts
    loaded.set_weights(loaded.get_weights())  # others, perhaps
    assert loaded.facts is None


RUN = {
    "config": {
        "recipe": {"epochs": 3, "batch_size": 8, "optimizer": "adam"}
        | {"learning_rate": 0.001, "distill_weight": 0.0},
        "datasets": [["coco", "/home/me/cats", 0.5, None], ["own", "/secret", 1.0]],
        "seed": 1,
        "precision": "float32",
        "init_weights": "/home/me/runs/first/best.keras",
        "teacher": None,
    },
    "people": {"count": 1234},
    "validation": "own",
}
RUN["config"]["datasets"].append(["crops", "/secret", 0.0])  # validates alone
HISTORY = """epoch,loss,val_pckh,val_pckh_paw,val_pckh_tail
0,3,50,40,nan
1,2,71.26,60,nan
2,1,70,99,nan
"""


def test_the_card_of_a_run_has_its_data_recipe_and_best_scores(model, tmp_path):
    model.save(tmp_path / "best.keras")
    (tmp_path / "run.json").write_text(json.dumps(RUN))
    (tmp_path / "history.csv").write_text(HISTORY)
    loaded = kh.load_model(tmp_path)
    loaded.save_to_preset(tmp_path / "preset", license="cc-by-4.0")
    card = (tmp_path / "preset" / "README.md").read_text()
    assert "/home" not in card and "secret" not in card
    assert "| dataset | crops" not in card and "nan" not in card
    for row in (
        *("dataset | coco, 0.5 of it in an epoch", "dataset | own"),
        *("people | 1,234", "epochs | 3", "best epoch | 2", "learning rate | 0.001"),
        "init weights | first",
        *(f"all | {CAT.measure.title} | 71.3", f"paw | {CAT.measure.title} | 60.0"),
    ):
        assert f"| {row} |" in card, row
    header = read_header(tmp_path / "preset")
    assert header["license"] == "cc-by-4.0"
    (result,) = header["model-index"][0]["results"]
    measure = CAT.measure
    assert result["metrics"][0]["name"] == measure.title
    assert result["dataset"]["name"] == "validation people of own"


def test_the_card_of_a_detector_has_its_use_and_scores(tmp_path):
    model = kh.PersonDetector(filters=8, stem_filters=4, depth=1, image_size=(16, 24))
    model.save(tmp_path / "best.keras")
    config = {**RUN["config"], "recipe": {**RUN["config"]["recipe"], "task": "detect"}}
    (tmp_path / "run.json").write_text(json.dumps({**RUN, "config": config}))
    history = "epoch,val_box_ap,val_box_ap_recall\n0,61.26,70\n1,50,80\n"
    (tmp_path / "history.csv").write_text(history)
    kh.load_model(tmp_path).save_to_preset(tmp_path / "people")
    card = (tmp_path / "people" / "README.md").read_text()
    for part in (
        *("1 stack of the block `separable`", "24 x 16", "| photographs | 1,234 |"),
        *("| all | AP50 | 61.3 |", "| all | recall at 0.5 false boxes a photograph"),
        'kh.load_detector("hf://USER/NAME")',
    ):
        assert part in card, part
    header = read_header(tmp_path / "people")
    assert header["pipeline_tag"] == "object-detection"
    (result,) = header["model-index"][0]["results"]
    assert header["metrics"] == ["ap50"] and result["metrics"][0]["value"] == 61.3
    loaded = kh.PersonDetector.from_preset(tmp_path / "people")
    assert loaded.get_config() == model.get_config()
    require_equal(loaded, model)


def test_a_run_of_version_0_1_has_its_facts():
    run = Path(__file__).parent / "golden" / "v0_1" / "run"
    found = facts.find_run_facts(run / "best.keras")
    assert found.datasets == ("crops",) and found.settings["learning_rate"] == 0.01


@pytest.mark.parametrize(
    "training",
    [{"people": "5"}, {"scores": [["a", "b", "c"]]}, {"settings": [1]}, {"x": 1}, 7],
)
def test_facts_of_another_kind_are_left_out(training, folder):
    (folder / "metadata.json").write_text(json.dumps({"training": training}))
    assert kh.load_model(folder).facts is None


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"config": {"recipe": 1}}'])
def test_a_damaged_run_json_leaves_the_card_without_facts(content, tmp_path):
    (tmp_path / "run.json").write_text(content)
    assert facts.find_run_facts(tmp_path / "best.keras") is None


def test_training_forgets_the_facts_of_the_weights_before_it(model):
    copy = type(model).from_config(model.get_config())
    copy.facts = facts.TrainingFacts(people=5)
    copy.compile("sgd", kh.HeatmapLoss(), run_eagerly=True)
    labels = np.ones((1, 3, 4), "float32")
    copy.train_on_batch(np.zeros((1, 16, 24, 3), "uint8"), labels)
    assert copy.facts is None
