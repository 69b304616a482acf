"""Notes on the joints that a dataset and a network do not share."""

from keras_hourglass.data.people import People
from keras_hourglass.skeletons import Skeleton


def lacking_notes(
    people: People, skeleton: Skeleton, dataset: str = "dataset"
) -> list[str]:
    """Names the joints of a dataset that a network lacks: one sentence, or none."""
    names = [name for name in people.skeleton.joints if name not in skeleton]
    if not names:
        return []
    return [f"joints of {dataset} that the network lacks: {', '.join(names)}"]


def unlabeled_notes(people: People) -> list[str]:
    """Names the joints that no person has a label of: one sentence, or none.

    None without people either: then all joints would be named.
    """
    labeled = people.weights.any(axis=0) | (len(people) == 0)
    names = [n for n, found in zip(people.skeleton.joints, labeled) if not found]
    return [f"joints without labels, of weight 0: {', '.join(names)}"] if names else []
