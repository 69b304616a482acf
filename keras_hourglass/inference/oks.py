"""Object keypoint similarity (OKS) of poses, as COCO defines it.

https://cocodataset.org/#keypoints-eval
"""

from functools import cache

import numpy as np

from keras_hourglass.skeletons import COCO, Skeleton

DEFAULT_SIGMA = 0.1  # of a joint of which none is known: the default of DeepLabCut
AREA_OF_BOX = 0.53  # where no area is known: the share that MMPose assumes


def similarities(differences, weights, areas, sigmas, array_library=np):
    """Computes object keypoint similarity; all arrays are broadcast.

    Args:
        differences: `(..., joints, 2)`, of two poses, image pixels.
        weights: `(..., joints)`, of the joints; bool for those that are labeled.
        areas: `(...)`, pixels.
        sigmas: `(joints,)`, tolerances; see `sigmas_of`.
        array_library: `numpy`, or a library of the same functions.

    Returns:
        `(...)`, 0 to 1; NaN without weights or area.
    """
    xp = array_library
    squares = xp.sum(xp.square(xp.asarray(differences, dtype=float)), axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        exponents = squares / (2 * np.square(2 * sigmas) * areas[..., None])
        total = xp.sum(xp.exp(-exponents) * weights, axis=-1)
        return total / xp.sum(weights, axis=-1)


@cache
def sigmas_of(skeleton: Skeleton) -> np.ndarray:
    """Gives a tolerance for each joint of a skeleton, `(joints,)`.

    They are the skeleton's own, or those of COCO's joints of the same name, or else a
    constant.
    """
    if skeleton.sigmas:
        return np.array(skeleton.sigmas)
    known = dict(zip(COCO.joints, COCO.sigmas))
    return np.array([known.get(n, DEFAULT_SIGMA) for n in skeleton.canonical_names])
