"""Configuration of the networks: defaults, names, sizes and counts, without Keras.

The constructor of `StackedHourglass` and the help of the command both read it here.
"""

import math
from numbers import Integral, Real
from typing import NamedTuple

NETWORK_DEFAULTS = {  # arguments of `StackedHourglass`
    "stacks": 2,
    "block": "residual",
    "blocks": 1,
    "filters": 256,
    "stem_filters": 64,
    "depth": 4,
    "skeleton": "mpii",
    "image_size": 256,
    "offset": (0, 0),
    "calibration": None,
}
OF_WEIGHTS = {"offset", "calibration"}  # arguments that training replaces
DETECTOR_DEFAULTS = {  # arguments of `PersonDetector`
    "stacks": 1,
    "block": "separable",
    "blocks": 1,
    "filters": 128,
    "stem_filters": 16,
    "depth": 4,
    "image_size": 320,
}
DEFAULTS_OF = {"pose": NETWORK_DEFAULTS, "detect": DETECTOR_DEFAULTS}  # by the task
BLOCK_NAMES = (  # the keys of `blocks.BLOCKS`
    *("residual", "separable", "separable3", "ghost"),
    *("multidilated", "multidilated_dense"),
)
STRIDE = 4  # image pixels to a heatmap pixel
# Of a training run, in its folder: the best network, the checkpoint, the configuration,
# the scores of each epoch.
BEST_FILE, LAST_FILE, CONFIG_FILE = "best.keras", "last.keras", "run.json"
HISTORY_FILE = "history.csv"
# Of a preset, in its folder, as KerasHub names them.
PRESET_CONFIG, PRESET_WEIGHTS = "config.json", "model.weights.h5"
PRESET_METADATA, MODEL_CARD = "metadata.json", "README.md"


class Counts(NamedTuple):
    """Costs of a network.

    Attributes:
        parameters: Trainable weights, also frozen ones, without the moving statistics
            of norms; see `flops.count_parameters`.
        multiply_adds: Of all convolutions, for one image.
    """

    parameters: int
    multiply_adds: int


COUNTS = {  # of each preset, at its own image size
    "photo": Counts(882_496, 1_150_584_576),
    "photo_small": Counts(832_336, 308_441_088),
    "people": Counts(360_965, 818_059_200),
    "hg1": Counts(3_586_960, 5_804_654_592),
    "hg2": Counts(6_730_912, 8_988_917_760),
    "hg8": Counts(25_594_624, 28_094_496_768),
    "lighter/hg8": Counts(97_676_032, 90_826_604_544),
    "lighter/hg1": Counts(12_597_136, 13_646_168_064),
    "lighter/hg2": Counts(24_751_264, 24_671_944_704),
    "lighter/hg1_separable": Counts(5_037_072, 5_676_916_736),
    "lighter/hg1_separable3": Counts(5_259_792, 5_889_032_192),
    "lighter/hg1_ghost": Counts(2_165_872, 2_764_984_320),
    "lighter/hg1_ghost_reduced": Counts(2_130_080, 2_425_638_912),
    "lighter/hg1_multidilated": Counts(7_110_544, 7_838_932_992),
    "lighter/hg1_multidilated_dense": Counts(13_708_752, 14_802_599_936),
    "lighter/hg2_separable": Counts(9_922_848, 10_325_180_416),
    "lighter/hg2_multidilated": Counts(13_989_024, 14_208_811_008),
    "lighter/hg2_multidilated_dense": Counts(26_930_912, 26_745_733_120),
}


def validate_positive_integers(**arguments):
    """Checks that arguments are integers of at least 1.

    Args:
        arguments: Name -> value.

    Raises:
        ValueError: If one is not.
    """
    for name, value in arguments.items():
        if not is_integer(value) or value < 1:
            raise ValueError(
                f"`{name}` must be a positive integer. Received: {name}={value!r}"
            )


def filters_by_size(filters, depth: int) -> tuple[int, ...]:
    """Returns the channels of an hourglass at each of its sizes.

    Args:
        filters: One number for all sizes, or `depth + 1`, the largest size first.
        depth: Number of times that an hourglass halves its features.

    Raises:
        ValueError: If they are not that many positive integers.
    """
    sizes = depth + 1
    numbers = (filters,) * sizes if is_integer(filters) else filters
    if not (
        isinstance(numbers, tuple | list)
        and len(numbers) == sizes
        and all(is_integer(number) and number > 0 for number in numbers)
    ):
        raise ValueError(
            f"`filters` must be a positive integer, or {sizes} for depth {depth}: one "
            f"for each size, the largest first. Received: filters={filters!r}"
        )
    return tuple(map(int, numbers))


def simplify(numbers):
    """Returns several numbers as one if all are equal, or else as a tuple.

    Args:
        numbers: One number, a tuple or a list, as JSON has it.
    """
    if not isinstance(numbers, tuple | list):
        return numbers
    return numbers[0] if len({*numbers}) == 1 else tuple(numbers)


def validate_image_size(image_size, depth: int) -> tuple[int, int]:
    """Checks that a network of some depth can halve its images often enough.

    Args:
        image_size: Pixels of a side, or (height, width).
        depth: Number of times that an hourglass halves its features.

    Returns:
        (height, width), in pixels.

    Raises:
        ValueError: If a side is no multiple of `4 * 2**depth`; with sizes that are.
    """
    unit = STRIDE * 2**depth
    size = (image_size,) * 2 if is_integer(image_size) else image_size
    if (
        not isinstance(size, tuple | list)
        or len(size) != 2
        or not all(map(is_integer, size))
    ):
        raise ValueError(
            "`image_size` must be an integer or two, (height, width), multiples of "
            f"{unit} for depth {depth}. Received: image_size={image_size!r}"
        )
    if any(side < unit or side % unit for side in size):
        near = sorted({max(unit, round(side / unit) * unit) for side in size})
        raise ValueError(
            f"`image_size` must be multiples of {unit} for depth {depth} (say, "
            f"{' or '.join(map(str, near))}). Received: image_size={image_size}"
        )
    height, width = map(int, size)
    return height, width


def validate_offset(offset) -> tuple[float, float]:
    """Checks the (x, y), in heatmap pixels, that decoding adds.

    Raises:
        ValueError: If they are not two finite numbers.
    """
    if (
        not isinstance(offset, tuple | list)
        or len(offset) != 2
        or not all(isinstance(part, Real) and math.isfinite(part) for part in offset)
    ):
        raise ValueError(
            "`offset` must be two finite numbers, (x, y), in heatmap pixels. "
            f"Received: offset={offset!r}"
        )
    return tuple(offset)


def is_integer(value) -> bool:
    """Returns whether a value is an integer, also NumPy's, and no boolean."""
    return isinstance(value, Integral) and not isinstance(value, bool)
