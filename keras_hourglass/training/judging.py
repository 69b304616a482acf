"""What a network is worth: its scores on people, and the time that it takes."""

import time

import numpy as np

from keras_hourglass.data.people import People
from keras_hourglass.data.sample import Sampler
from keras_hourglass.evaluation import looking, score
from keras_hourglass.evaluation.looking import Found
from keras_hourglass.heatmaps import DEFAULT
from keras_hourglass.model import StackedHourglass
from keras_hourglass.predict import find
from keras_hourglass.training import feeding

WARM_UP, ROUNDS = 3, 20
TIMED = 64  # people, of whom the loader, the network and the decoder are timed


def look(
    model: StackedHourglass,
    people: People,
    flip: bool = False,
    batch_size: int = 8,
    broken: str = "error",
    decoder: str = DEFAULT,
) -> tuple[Found, list[str]]:
    """What a network finds on people, and which pictures could not be read, and why.

    Args:
        model: The network.
        people: With the network's skeleton.
        flip: Looks at everybody mirrored, too.
        batch_size: People that the network sees at once.
        broken: Of pictures: "error" or "skip".
        decoder: A key of `heatmaps.DECODERS`.
    """
    loader = feeding.loader(sampler_of(model, people), broken)
    batches = feeding.validation(loader, batch_size)
    return looking.look(model, batches, flip, decoder), [*loader.failures.values()]


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
    model: StackedHourglass,
    people: People,
    flip: bool = False,
    batch_size: int = 8,
    broken: str = "error",
    decoder: str = DEFAULT,
) -> dict[str, float]:
    """Milliseconds per person of "loader", "network" and "decoder", one after another.

    Of at most `TIMED` people, in whole batches, after one to warm up. The decoder's is
    what finding joints takes beyond the network, with which it is compiled as one. In
    training and judging the loader works beside the network instead.

    Args:
        model: The network.
        people: With the network's skeleton.
        flip: Looks at everybody mirrored, too.
        batch_size: People that the network sees at once; fewer, to a power of two.
        broken: Of pictures: "error" or "skip".
        decoder: A key of `heatmaps.DECODERS`.
    """
    loader = feeding.loader(sampler_of(model, people), broken)
    batch_size = 1 << (min(batch_size, len(people)).bit_length() - 1)
    turns = max(1, min(len(people), TIMED) // batch_size)
    taken = np.zeros(3)
    for turn in range(turns + 1):
        first = max(0, turn - 1) * batch_size  # the first batch twice
        marks = [time.perf_counter()]
        images, _ = loader.load_batch([(0, first + i) for i in range(batch_size)])
        seen = np.concatenate([images, images[:, :, ::-1]]) if flip else images
        marks.append(time.perf_counter())
        model.predict_on_batch(seen)
        marks.append(time.perf_counter())
        find(model, images, flip, decoder)
        marks.append(time.perf_counter())
        if turn:
            taken += np.diff(marks)
    loading, network, whole = (1000 * taken / (turns * batch_size)).tolist()
    beyond = max(0.0, whole - network)
    return {"loader": loading, "network": network, "decoder": beyond}


def milliseconds(model: StackedHourglass) -> float:
    """Of the network alone, for one image: the median of some rounds."""
    image = np.zeros((1, *model.image_size, 3), "uint8")
    taken = []
    for _ in range(WARM_UP + ROUNDS):
        started = time.perf_counter()
        model.predict_on_batch(image)
        taken.append(time.perf_counter() - started)
    return 1000 * float(np.median(taken[WARM_UP:]))
