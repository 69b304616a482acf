"""Every integer of the paper's table, counted on the networks themselves."""

import subprocess
import sys

import pytest

from keras_hourglass import PersonDetector, StackedHourglass
from keras_hourglass.models import presets
from keras_hourglass.models.config import COUNTS
from keras_hourglass.models.flops import count_macs, count_parameters
from keras_hourglass.models.presets import PRESETS

# Of each row with four blocks at a position (as printed), then with one: parameters
# and multiply-adds at 256 x 256.
TABLE = {
    "lighter/hg8": (97_676_032, 90_826_604_544, 25_594_624, 28_094_496_768),
    "lighter/hg1": (12_597_136, 13_646_168_064, 3_586_960, 5_804_654_592),
    "lighter/hg2": (24_751_264, 24_671_944_704, 6_730_912, 8_988_917_760),
    "lighter/hg1_separable": (5_037_072, 5_676_916_736, 1_478_160, 2_618_537_984),
    "lighter/hg1_separable3": (5_259_792, 5_889_032_192, 1_539_600, 2_703_417_344),
    "lighter/hg1_ghost": (2_165_872, 2_764_984_320, 684_784, 1_494_979_584),
    "lighter/hg1_ghost_reduced": (2_130_080, 2_425_638_912, 648_992, 1_155_634_176),
    "lighter/hg1_multidilated": (7_110_544, 7_838_932_992, 2_057_104, 3_489_343_488),
    "lighter/hg1_multidilated_dense": (
        *(13_708_752, 14_802_599_936),
        *(3_897_552, 6_273_069_056),
    ),
    "lighter/hg2_separable": (9_922_848, 10_325_180_416, 2_805_024, 4_208_422_912),
    "lighter/hg2_multidilated": (
        *(13_989_024, 14_208_811_008),
        *(3_882_144, 5_509_632_000),
    ),
    "lighter/hg2_multidilated_dense": (
        *(26_930_912, 26_745_733_120),
        *(7_308_512, 9_686_671_360),
    ),
}
SAME_AS = {"hg1": "lighter/hg1", "hg2": "lighter/hg2", "hg8": "lighter/hg8"}
CANNOT_MATCH = {
    "lighter/hg1_separable3",
    "lighter/hg1_multidilated",
    "lighter/hg2_multidilated",
}
WITHOUT_WEIGHTS = [name for name in PRESETS if PRESETS[name].weights is None]


def count(name, **changes):
    network = StackedHourglass if name in PRESETS else PersonDetector
    model = network.from_preset(name, load_weights=False, **changes)
    return count_parameters(model), count_macs(model)


def test_every_preset_is_in_the_table():
    assert {*TABLE, *SAME_AS, *presets.with_weights("pose")} == {*PRESETS}


@pytest.mark.parametrize("name", [*PRESETS, *presets.DETECTOR_PRESETS])
def test_stored_counts_are_those_of_the_network(name):
    assert count(name) == COUNTS[name]


def test_stored_counts_are_those_of_the_table():
    assert COUNTS.keys() == {*PRESETS, *presets.DETECTOR_PRESETS}
    assert {name: counts[:2] for name, counts in TABLE.items()} == {
        name: COUNTS[name] for name in TABLE
    }


@pytest.mark.parametrize("name", TABLE)
def test_row_with_one_block_at_a_position(name):
    assert count(name, blocks=1) == TABLE[name][2:]


@pytest.mark.parametrize("name", SAME_AS)
def test_networks_of_the_pytorch_port_are_rows_with_one_block(name):
    assert PRESETS[name].network == {"stacks": PRESETS[SAME_AS[name]].network["stacks"]}


@pytest.mark.parametrize("name", TABLE)
def test_row_prints_its_parameters_but_for_three_that_cannot(name):
    same = round(TABLE[name][0] / 1e6, 1) == PRESETS[name].printed
    assert same == (name not in CANNOT_MATCH) == PRESETS[name].matches


def test_an_unknown_preset_is_refused_with_a_guess():
    with pytest.raises(ValueError, match="Did you mean 'lighter/hg1_ghost'"):
        presets.get_preset("lighter/hg1_gost")
    with pytest.raises(ValueError, match="`name` must be the name of a preset"):
        StackedHourglass.from_preset(["photo"])


@pytest.mark.parametrize("name", WITHOUT_WEIGHTS)
def test_a_preset_without_weights_is_refused_with_those_that_have_them(name):
    with pytest.raises(ValueError, match="`load_weights` must be False.*are 'photo'"):
        StackedHourglass.from_preset(name)


def test_changes_that_the_weights_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="`filters` changes.*Received: filters=8"):
        StackedHourglass.from_preset("photo", filters=8)
    changes = {"image_size": 64, "stacks": 2, "offset": (0.5, 0), "trainable": False}
    model = StackedHourglass.from_preset("photo", **changes)
    assert model.image_size == (64, 64) and not model.trainable_weights
    model = StackedHourglass.from_preset("photo", calibration=(1, 0))
    assert model.calibration == (1, 0)
    model = StackedHourglass.from_preset("photo", False, filters=8)
    assert model.filters == 8


def test_presets_are_listed_with_descriptions_in_the_order_of_the_table():
    described = StackedHourglass.presets
    assert [*described] == [*PRESETS]
    assert all(text.endswith(".") and "\n" not in text for text in described.values())


@pytest.mark.parametrize("module", ["presets", "config"])
def test_keras_is_not_imported(module):
    code = f"import sys, keras_hourglass.models.{module}; "
    code += "assert not {'keras', 'tensorflow', 'jax', 'torch'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_family_is_all_of_its_presets_and_a_name_one():
    family = presets.select_presets(["lighter"])
    assert family == [name for name in PRESETS if name.startswith("lighter/")]
    assert presets.select_presets(["hg2", "lighter/hg1", "hg2"]) == [
        "hg2",
        "lighter/hg1",
    ]
    with pytest.raises(ValueError, match="Did you mean 'lighter'.*'lihgter'"):
        presets.select_presets(["lihgter"])


@pytest.mark.parametrize(
    "given",
    [
        *("hg2,lighter/hg1", " hg2 , lighter/hg1,hg2, "),
        *(["hg2", "lighter/hg1"], ("hg2,lighter/hg1", "hg2")),
    ],
)
def test_presets_are_a_list_or_separated_by_commas_and_count_once(given):
    assert presets.select_presets(given) == ["hg2", "lighter/hg1"]


@pytest.mark.parametrize("given", ["", [], " , "])
def test_no_preset_is_an_error(given):
    with pytest.raises(ValueError, match="must be one or more names"):
        presets.select_presets(given)
