import numpy as np

from keras_hourglass import draw

GREY = np.full((24, 16, 3), 100, "uint8")  # of heatmaps of 6 x 4


def test_a_heatmap_colours_where_it_is_high_and_leaves_the_rest():
    heights = np.zeros((6, 4))
    heights[4, 1] = 1
    shown = draw.heatmap(GREY, heights)
    changed = np.argwhere((shown != GREY).any(-1))
    centre = [4 * 4 + 1.5, 4 * 1 + 1.5]  # of the pixels under that one
    np.testing.assert_allclose(changed.mean(0), centre, atol=0.01)
    np.testing.assert_array_equal(shown[:12], GREY[:12])
    red, green, blue = shown[17, 5].astype(int)
    assert red > green > blue


def test_heights_beyond_their_range_are_as_high_or_low_as_can_be():
    heights = np.array([[-3.0, 7.0]])
    np.testing.assert_array_equal(
        draw.heatmap(GREY, heights), draw.heatmap(GREY, heights.clip(0, 1))
    )


def test_a_sheet_is_filled_row_by_row_and_black_at_its_end():
    sheet = draw.sheet([np.full((2, 3, 3), n, "uint8") for n in (1, 2, 3)], 2)
    assert sheet.shape == (4, 6, 3)
    np.testing.assert_array_equal(sheet[::2, ::3, 0], [[1, 2], [3, 0]])
