"""What a network is worth: its scores on people, and the time that it takes."""

import time

import numpy as np

from keras_hourglass import evaluation
from keras_hourglass.data.people import People
from keras_hourglass.data.sample import Sampler
from keras_hourglass.model import StackedHourglass
from keras_hourglass.training import feeding

WARM_UP, ROUNDS = 3, 20


def scores(
    model: StackedHourglass,
    people: People,
    flip: bool = False,
    batch_size: int = 16,
    broken: str = "error",
) -> dict:
    """What `evaluation.score` says of a network's joints on people.

    Args:
        model: The network.
        people: With the network's skeleton.
        flip: Looks at everybody mirrored, too.
        batch_size: People that the network sees at once.
        broken: Of pictures: "error" or "skip".

    Returns:
        That report, with "offset", the mean signed error (x, y) in heatmap pixels;
        and "unread", where there are any: what could not be read, and why.
    """
    sampler = Sampler(people, model.image_size[::-1], model.heatmap_size)
    loader = feeding.loader(sampler, broken)
    batches = feeding.validation(loader, batch_size)
    errors, offset = evaluation.evaluate(model, batches, flip)
    report = {**evaluation.score(errors, model.skeleton), "offset": offset}
    if loader.failures:
        report["unread"] = [*loader.failures.values()]
    return report


def milliseconds(model: StackedHourglass) -> float:
    """Of the network alone, for one image: the median of some rounds."""
    image = np.zeros((1, *model.image_size, 3), "uint8")
    taken = []
    for _ in range(WARM_UP + ROUNDS):
        started = time.perf_counter()
        model.predict_on_batch(image)
        taken.append(time.perf_counter() - started)
    return 1000 * float(np.median(taken[WARM_UP:]))
