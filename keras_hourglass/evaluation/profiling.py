"""Time of an evaluation: loading, network and decoding."""

import time

import numpy as np

from keras_hourglass.data.batches import make_loader
from keras_hourglass.data.people import People
from keras_hourglass.evaluation.evaluator import make_preprocessor
from keras_hourglass.inference.keypoint_options import KeypointOptions
from keras_hourglass.inference.keypoints import predict_keypoints
from keras_hourglass.models.stacked_hourglass import StackedHourglass

MAX_PEOPLE = 64
WARM_UP, ROUNDS = 3, 20


def profile(
    model: StackedHourglass, people: People, options: KeypointOptions
) -> dict[str, float]:
    """Measures the loader, the network and the decoder, one after another.

    At most `MAX_PEOPLE` people are timed, in whole batches of a power of two, after one
    batch to warm up. The decoder's time is that of prediction less that of the network,
    as both are compiled in one graph. During training and evaluation the loader works
    in parallel with the network instead.

    Args:
        model: The network.
        people: With the model's skeleton.
        options: Flip test, decoder, batch size, and handling of broken images.

    Returns:
        Milliseconds per person of "loader", "network" and "decoder".
    """
    loader = make_loader(make_preprocessor(model, people), options.broken)
    batch_size = 1 << (min(options.batch_size, len(people)).bit_length() - 1)
    batches = max(1, min(len(people), MAX_PEOPLE) // batch_size)
    seconds = np.zeros(3)
    for number in range(batches + 1):
        first = max(0, number - 1) * batch_size  # the first batch twice
        marks = [time.perf_counter()]
        images, _ = loader.load_batch([(0, first + i) for i in range(batch_size)])
        both = np.concatenate([images, images[:, :, ::-1]]) if options.flip else images
        marks.append(time.perf_counter())
        model.predict_on_batch(both)
        marks.append(time.perf_counter())
        predict_keypoints(model, images, options.flip, options.decoder)
        marks.append(time.perf_counter())
        if number:
            seconds += np.diff(marks)
    loading, network, whole = (1000 * seconds / (batches * batch_size)).tolist()
    decoding = max(0.0, whole - network)
    return {"loader": loading, "network": network, "decoder": decoding}


def network_milliseconds(model: StackedHourglass) -> float:
    """Measures the network alone on one image: the median of `ROUNDS` rounds."""
    image = np.zeros((1, *model.image_size, 3), "uint8")
    seconds = []
    for _ in range(WARM_UP + ROUNDS):
        started = time.perf_counter()
        model.predict_on_batch(image)
        seconds.append(time.perf_counter() - started)
    return 1000 * float(np.median(seconds[WARM_UP:]))
