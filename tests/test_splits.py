"""Photographs held out for validation."""

import numpy as np
import pytest

from keras_hourglass.data import datasets
from keras_hourglass.data.people import from_rows
from keras_hourglass.data.people.splits import hold_out, hold_out_share
from keras_hourglass.skeletons import Skeleton

NOSE = Skeleton(("nose",))


def people_of(photographs, people_per_photograph=1, split="train"):
    row = {"joints": [[1, 2]], "weights": [1], "center": [5, 5], "side": 10}
    names = [f"{i:03}.jpg" for i in range(photographs) for _ in range(2)]
    names = names[:: 2 // people_per_photograph]
    return from_rows(NOSE, [{**row, "image": name, "split": split} for name in names])


def held(people):
    return sorted({int(name[:3]) for name in people.images[people.splits == "val"]})


SHARES = {  # (share, photographs) -> numbers of those that are held out
    (0.05, 60): [19, 39, 59],
    (0.1, 40): [9, 19, 29, 39],
    (0.2, 10): [4, 9],
    (0.3, 10): [3, 6, 9],
    (0.5, 4): [1, 3],
    (0.9, 10): [*range(1, 10)],
    (0.05, 3): [2],  # at least one
    (0.9, 2): [1],  # and not all
    (0.2, 1): [],
}


@pytest.mark.parametrize("case, numbers", SHARES.items(), ids=map(str, SHARES))
def test_a_share_is_spread_evenly_over_the_photographs(case, numbers):
    share, count = case
    assert held(hold_out(people_of(count), share)) == numbers


@pytest.mark.parametrize("share", np.arange(1, 20) / 20)
def test_more_of_them_are_held_out_besides_those_of_the_default(share):
    people = people_of(200)
    chosen = held(hold_out(people, float(share)))
    assert len(chosen) == round(200 * share)
    assert {*held(hold_out(people, 1 / 20))} <= {*chosen}


def test_all_people_of_a_photograph_are_alike():
    people = hold_out_share(people_of(10, 2), 0.2)
    assert held(people) == [4, 9] and (people.splits == "val").sum() == 4
    assert people.notes == (
        "4 of 20 people are held out for validation, all people of a photograph alike",
    )


def test_marked_people_stay_as_they_are_with_a_note():
    people = people_of(10, split="val")
    same = hold_out_share(people, 0.2)
    assert same.splits.tolist() == ["val"] * 10
    assert "10 people are marked for validation" in same.notes[0]


@pytest.mark.parametrize("share", [0, 1, -0.1, 20, float("nan"), "half"])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(ValueError, match="`val_share` must lie between 0 and 1"):
        hold_out_share(people_of(10), share)


def test_a_dataset_is_read_with_its_share(tmp_path):
    lines = [f"{i:02}.png,3,{i},0,0,9,9" for i in range(10)]
    header = "image,nose_x,nose_y,x,y,width,height"
    (tmp_path / "people.csv").write_text("\n".join([header, *lines]))
    options = {"val_share": 0.2, "split": "val", "missing": "keep"}
    people = datasets.load_dataset("own", tmp_path, **options)
    assert [path[-6:] for path in people.images] == ["04.png", "09.png"]
