"""What a body consists of: the only place that names joints."""

from keras_hourglass.choices import hint
from keras_hourglass.skeleton.body import Skeleton
from keras_hourglass.skeleton.known import COCO, LSP, MPII, SKELETONS
from keras_hourglass.skeleton.names import OFFICIAL_HEAD

__all__ = ["COCO", "LSP", "MPII", "OFFICIAL_HEAD", "SKELETONS", "Skeleton", "get"]


def get(skeleton) -> Skeleton:
    """A skeleton from its name or configuration. A skeleton is handed back."""
    if isinstance(skeleton, Skeleton):
        return skeleton
    if isinstance(skeleton, dict):
        return Skeleton(**skeleton)
    if skeleton in SKELETONS:
        return SKELETONS[skeleton]
    raise ValueError(
        f"`skeleton` must be a skeleton or its name. {hint(skeleton, SKELETONS)} "
        f"Received: skeleton={skeleton!r}"
    )
