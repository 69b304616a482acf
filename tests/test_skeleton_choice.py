"""The skeleton of a run: asked for, kept, of the weights, or of the datasets."""

import json

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

import keras_hourglass as kh
from keras_hourglass import skeletons
from keras_hourglass.skeletons import COCO, LSP, MPII, Skeleton
from keras_hourglass.training import config
from keras_hourglass.training.config import create_config
from keras_hourglass.training.runs import config_file
from keras_hourglass.training.tasks.skeleton_choice import (
    choose_skeleton,
    resolve_skeleton,
)
from keras_hourglass_cli.main import main

SMALL = {"stacks": 1, "filters": 4, "stem_filters": 2, "depth": 1, "image_size": 32}
SMALL["block"] = "tests>PointwiseBlock"
CAT = Skeleton(
    ("nose", "left_ear", "right_ear", "Tail Base"),
    [("nose", "Tail Base")],
    {},
    ("nose",),
)
EARS = CAT.select(CAT.joints[1:3])
ELBOWS = MPII.select(("left_elbow", "right_elbow"))


@pytest.fixture
def cats(tmp_path):
    """A dataset of four cats, whose joints are spelled in a way of its own."""
    root = tmp_path / "cats"
    root.mkdir()
    lines = ["image,nose_x,nose_y,earL_x,earL_y,earR_x,earR_y,tail base_x,tail base_y"]
    for number in range(4):
        image = np.full((40, 40, 3), 60 * number, "uint8")
        cv2.imwrite(str(root / f"{number}.png"), image)
        lines.append(f"{number}.png,20,20,10,5,30,5,20,35")
    (root / "people.csv").write_text("\n".join(lines))
    return f"own:{root}"


@pytest.fixture
def messages(eager, caplog):
    caplog.set_level("INFO", logger="keras_hourglass")
    return caplog


def resolve(folder, dataset, **options):
    made = create_config(dataset, "demo", **options)
    resolved, _ = resolve_skeleton(made, folder, config.given_people(dataset))
    return resolved, resolved.recipe.network["skeleton"]


@pytest.mark.parametrize(
    "found, source, asked, chosen",
    [
        ([CAT], None, False, CAT),
        ([EARS, CAT], None, False, EARS),
        ([COCO], None, False, MPII),  # as in version 0.2
        ([CAT, LSP], None, False, MPII),
        ([COCO], None, True, COCO),
        ([CAT, COCO], MPII, True, CAT),
        ([EARS], CAT, False, CAT),
        ([ELBOWS], MPII, False, MPII),
        ([CAT], MPII, False, CAT),
        ([COCO], LSP, False, LSP),
    ],
)
def test_datasets_choose_where_they_have_joints_of_their_own(
    found, source, asked, chosen
):
    assert choose_skeleton(found, source, asked) is chosen


def test_the_choice_is_said_kept_and_not_made_again(cats, tmp_path, caplog):
    caplog.set_level("INFO", logger="keras_hourglass")
    resolved, kept = resolve(tmp_path, cats)
    joints = ["nose", "earL", "earR", "tail base"]
    assert kept["joints"] == joints and kept["flip_pairs"] == [["earL", "earR"]]
    said = "The network has the joints of own: nose, earL, earR, tail base"
    assert caplog.messages == [said]
    config_file.write_config(tmp_path, resolved)
    assert config_file.read_config(tmp_path) == resolved
    assert resolve(tmp_path, cats)[0] == resolved
    assert resolve(tmp_path, cats, skeleton="dataset")[0] == resolved
    assert len(caplog.messages) == 2


def test_a_run_of_version_0_2_goes_on_with_the_skeleton_it_had(cats, tmp_path):
    old = create_config(cats, "demo")
    assert "skeleton" not in old.recipe.network
    config_file.write_config(tmp_path, old)
    assert resolve_skeleton(create_config(cats, "demo"), tmp_path, {})[0] == old
    given = create_config(cats, "demo", skeleton=CAT)
    config_file.write_config(tmp_path, given)
    path = tmp_path / "run.json"
    stored = json.loads(path.read_text())
    for key in ("reference", "flip_pairs", "sigmas"):  # later ones
        del stored["config"]["recipe"]["network"]["skeleton"][key]
    path.write_text(json.dumps(stored))
    assert config_file.read_config(tmp_path) == given


def test_a_name_a_file_and_people_are_skeletons_as_well(
    cats, tmp_path, noise, messages
):
    path = tmp_path / "cat.json"
    path.write_text(json.dumps(CAT.get_config()))
    for given in (path, str(path), CAT, CAT.get_config()):
        assert resolve(tmp_path, cats, skeleton=given)[1] == CAT.get_config()
    assert resolve(tmp_path, cats, skeleton=COCO)[1] == "coco"
    assert resolve(tmp_path, kh.load_dataset(cats))[1]["joints"][1] == "earL"
    messages.clear()
    assert resolve(tmp_path, f"crops:{noise}")[1] == "mpii" and not messages.text
    with pytest.raises(ValueError, match="Did you mean 'lsp'"):
        create_config(cats, skeleton="lps")


def test_weights_keep_their_skeleton_where_it_has_the_joints(cats, tmp_path):
    path = tmp_path / "cat.keras"
    kh.StackedHourglass(**SMALL, skeleton=CAT).save(path)
    assert resolve(tmp_path, cats, init_weights=path)[1] == CAT.get_config()
    fish = Skeleton(("fin", "nose"))
    kh.StackedHourglass(**SMALL, skeleton=fish).save(path)
    assert len(resolve(tmp_path, cats, init_weights=path)[1]["joints"]) == 4


def test_a_network_of_the_datasets_own_joints_is_trained_and_goes_on(
    cats, tmp_path, messages
):
    options = {**SMALL, "epochs": 1, "batch_size": 2, "recipe": "demo", "verbose": 0}
    run = kh.train(cats, output=tmp_path / "run", **options)
    assert run.model.skeleton.joints == ("nose", "earL", "earR", "tail base")
    assert run.model.skeleton.flip_indices == (0, 2, 1, 3)
    kh.train(cats, output=tmp_path / "run", **options)
    kh.train(output=tmp_path / "run", verbose=0)
    assert messages.text.count("nothing is left to do") == 2
    # Joints that the network or the dataset lacks are named.
    messages.clear()
    fish = Skeleton(("nose", "fin"))
    kh.train(cats, output=tmp_path / "other", skeleton=fish, **options)
    assert "joints of own that the network lacks: earL, earR, tail base" in (
        messages.messages
    )
    assert "joints without labels, of weight 0: fin" in messages.messages
    says = "own has none of the joints fin; its own are .*: .* `skeleton='dataset'` has"
    with pytest.raises(ValueError, match=says):
        kh.train(
            cats, output=tmp_path / "none", skeleton={"joints": ["fin"]}, **options
        )
    with pytest.raises(ValueError, match="`skeleton='dataset'` has them"):
        kh.evaluate(kh.StackedHourglass(**SMALL), cats)


def test_people_are_matched_to_a_network_in_any_spelling(cats):
    people = kh.load_dataset(cats).to_skeleton(CAT)
    assert people.joints[0].tolist() == [[20, 20], [10, 5], [30, 5], [20, 35]]
    assert skeletons.get(people.skeleton) is CAT


def test_the_command_takes_a_file_and_refuses_other_words(cats, tmp_path):
    path = tmp_path / "cat.json"
    path.write_text('{"joints": ["nose"], "limbs": [["nose", "tail"]]}')
    for value, said in [
        ("cats", "Choose from ['mpii', 'lsp', 'coco']"),
        (tmp_path / "dog.json", "dog.json: No such file"),
        (path, "['tail'] are missing"),
    ]:
        result = CliRunner().invoke(
            main, ["train", "--dataset", cats, "--skeleton", str(value)]
        )
        assert result.exit_code == 2 and said in result.stderr
    asked = ["convert", "a.pth", "b.keras", "--skeleton", "dataset"]
    assert "Choose from" in CliRunner().invoke(main, asked).stderr
