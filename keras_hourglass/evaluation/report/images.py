"""Pictures of people: the truth beside what was found."""

from pathlib import Path

import numpy as np

from keras_hourglass.data.loader import Loader
from keras_hourglass.data.people import People
from keras_hourglass.data.preprocessing import Preprocessor
from keras_hourglass.evaluation.conventions import correct
from keras_hourglass.heatmaps.labels import unpack
from keras_hourglass.visualization.images import encode_image
from keras_hourglass.visualization.skeletons import draw_skeleton

SIDE, GAP = 208, 4  # pixels of each of the two, and between them
QUALITY = 82  # of the JPEGs
THRESHOLD = 0.5  # reference lengths


def hardest_images(joints, errors, people: People, rows, aspect: tuple[int, int]):
    """(caption, JPEG) of each of some people; black where a picture cannot be read.

    Args:
        joints: `(people, joints, 2)`, x before y, picture pixels: what was found.
        errors: `(people, joints)`, in reference lengths; NaN where not scored.
        people: All of them, with the network's skeleton.
        rows: Whom to show.
        aspect: Columns and rows of what the network sees.
    """
    size = tuple(round(SIDE * side / max(aspect)) for side in aspect)
    sampler = Preprocessor(people, size, size)  # labels in pixels of what is shown
    loader = Loader(sampler, broken="skip")
    for row in map(int, rows):
        image, label = loader.load(row)
        truth, weights, _ = unpack(label)
        both = [
            draw_skeleton(image, truth, people.skeleton, weights),
            np.full((size[1], GAP, 3), 255, "uint8"),
            draw_skeleton(
                image,
                sampler.sample_params([(0, row)])[0].window.to_grid(joints[row], size),
                people.skeleton,
            ),
        ]
        right = correct(errors[row], THRESHOLD, inclusive=True).sum()
        scored = np.isfinite(errors[row]).sum()
        yield (
            f"{Path(str(people.images[row])).name}: {right} of {scored} joints right",
            encode_image(np.hstack(both), ".jpg", QUALITY),
        )
