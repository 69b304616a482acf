"""What a network is worth: its scores on people, and the time that it takes."""

import time

import keras
import numpy as np

from keras_hourglass.data.people import People
from keras_hourglass.data.sample import Sampler
from keras_hourglass.evaluation import looking, score
from keras_hourglass.evaluation.looking import Found
from keras_hourglass.heatmaps import decode
from keras_hourglass.model import StackedHourglass
from keras_hourglass.training import feeding

WARM_UP, ROUNDS = 3, 20
TIMED = 64  # people, of whom the loader, the network and the decoder are timed


def look(
    model: StackedHourglass,
    people: People,
    flip: bool = False,
    batch_size: int = 16,
    broken: str = "error",
) -> tuple[Found, list[str]]:
    """What a network finds on people, and which pictures could not be read, and why.

    Args:
        model: The network.
        people: With the network's skeleton.
        flip: Looks at everybody mirrored, too.
        batch_size: People that the network sees at once.
        broken: Of pictures: "error" or "skip".
    """
    loader = feeding.loader(sampler_of(model, people), broken)
    batches = feeding.validation(loader, batch_size)
    return looking.look(model, batches, flip), [*loader.failures.values()]


def scores(model: StackedHourglass, people: People, **options) -> dict:
    """What `evaluation.score` says of a network's joints on people.

    Args:
        model: The network.
        people: With the network's skeleton.
        options: Of `look`.

    Returns:
        That report, with "offset", the mean signed error (x, y) in heatmap pixels;
        and "unread", where there are any: what could not be read, and why.
    """
    found, unread = look(model, people, **options)
    report = {**score(found.errors, model.skeleton), "offset": found.offset}
    return {**report, "unread": unread} if unread else report


def sampler_of(model: StackedHourglass, people: People) -> Sampler:
    """What shows people to a network as they are."""
    return Sampler(people, model.image_size[::-1], model.heatmap_size)


def parts(
    model: StackedHourglass, people: People, batch_size: int = 16, broken: str = "error"
) -> dict:
    """Milliseconds per person of "loader", "network" and "decoder", one after another.

    Of the first `TIMED` people, in whole batches; the network sees each once before.
    In training and judging the loader works beside the network instead.

    Args:
        model: The network.
        people: With the network's skeleton.
        batch_size: People that the network sees at once.
        broken: Of pictures: "error" or "skip".
    """
    loader = feeding.loader(sampler_of(model, people), broken)
    batch_size = min(batch_size, len(people))
    count = min(len(people), TIMED) // batch_size
    taken = dict.fromkeys(("loader", "network", "decoder"), 0.0)
    for turn in range(count + 1):
        first = max(0, turn - 1) * batch_size  # the first batch twice, once to warm up
        marks = [time.perf_counter()]
        images, _ = loader.load_batch([(0, first + i) for i in range(batch_size)])
        marks.append(time.perf_counter())
        heatmaps = model.predict_on_batch(images)[:, -1]
        marks.append(time.perf_counter())
        points, _ = decode(keras.ops.convert_to_tensor(heatmaps), model.offset)
        keras.ops.convert_to_numpy(points)
        marks.append(time.perf_counter())
        if turn:
            for name, seconds in zip(taken, np.diff(marks)):
                taken[name] += 1000 * seconds / (count * batch_size)
    return taken


def milliseconds(model: StackedHourglass) -> float:
    """Of the network alone, for one image: the median of some rounds."""
    image = np.zeros((1, *model.image_size, 3), "uint8")
    taken = []
    for _ in range(WARM_UP + ROUNDS):
        started = time.perf_counter()
        model.predict_on_batch(image)
        taken.append(time.perf_counter() - started)
    return 1000 * float(np.median(taken[WARM_UP:]))
