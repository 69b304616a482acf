import numpy as np
import pytest

from keras_hourglass.data.augmentation import truncation
from keras_hourglass.data.augmentation.truncation import Truncation, sample_truncation

WIDTH, HEIGHT = 40, 20


def test_beyond_the_end_the_image_is_black_and_joints_are_hidden():
    """A quarter of the height below the middle: rows 15 to 19."""
    down = Truncation((0, 1), 0.25)
    image = down.apply(np.ones((HEIGHT, WIDTH, 3), "uint8"))
    assert image[:15].all() and not image[15:].any()
    points = np.array([[3, 14.4], [3, 14.6], [3, 19], [39, 0]])
    assert down.hides(points, (WIDTH, HEIGHT)).tolist() == [False, True, True, False]
    # On a heatmap of a quarter of the size, row 3 is cut in the middle.
    assert down.hides(points / 4 - 3 / 8, (WIDTH // 4, HEIGHT // 4)).tolist() == [
        *(False, True, True, False)
    ]


@pytest.mark.parametrize("sign", [1, -1])
def test_the_end_may_lie_right_or_left(sign):
    image = Truncation((sign, 0), 0.25).apply(np.ones((HEIGHT, WIDTH, 3), "uint8"))
    assert image[0, ::sign, 0].tolist() == [1] * 30 + [0] * 10
    assert (image == image[:1]).all()


def test_a_share_of_photographs_ends_mostly_below():
    random = np.random.default_rng(0)
    drawn = [sample_truncation(random, 0.3) for _ in range(4000)]
    ends = [end for end in drawn if end is not None]
    assert len(ends) / 4000 == pytest.approx(0.3, abs=0.03)
    down = np.mean([end.direction == (0, 1) for end in ends])
    assert down == pytest.approx(0.6, abs=0.05)
    low, high = truncation.LIMITS
    assert all(low <= end.limit <= high for end in ends)
