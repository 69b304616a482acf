from dataclasses import fields

import pytest

from keras_hourglass.data import augmentation as augmentations
from keras_hourglass.data.augmentation import AUGMENTATIONS, Augmentation


def test_an_augmentation_is_found_by_its_name():
    assert augmentations.get("paper") == Augmentation()
    for name, augmentation in AUGMENTATIONS.items():
        assert augmentations.get(name) is augmentation
        assert augmentations.get(augmentation) is augmentation
    assert augmentations.get(None) is None


@pytest.mark.parametrize("name, guess", [("moden", "'modern'"), (3, "Choose from")])
def test_an_unknown_name_is_an_error_with_a_guess(name, guess):
    with pytest.raises(ValueError, match=f"`augmentation` must be.*{guess}.*{name!r}"):
        augmentations.get(name)


@pytest.mark.parametrize("name", [field.name for field in fields(Augmentation)])
def test_a_strength_that_cannot_be_is_refused(name):
    for value in (-0.1, float("nan")):
        with pytest.raises(ValueError, match=f"`{name}` must be.*{name}={value}"):
            Augmentation(**{name: value})
    if name in augmentations.PROBABILITIES:
        with pytest.raises(ValueError, match=f"`{name}` must be 0 to 1"):
            Augmentation(**{name: 1.1})
