"""Time of an evaluation: loading, network and decoding."""

import time

import numpy as np

from keras_hourglass.data.people import People
from keras_hourglass.evaluation.predictions import evaluation_loader
from keras_hourglass.inference.runtimes import RUNTIMES
from keras_hourglass.inference.runtimes.keypoint_options import KeypointOptions

MAX_PEOPLE = 64
WARM_UP, ROUNDS = 3, 20


def profile(
    model, people: People, options: KeypointOptions, runtime: str = "keras"
) -> dict[str, float]:
    """Measures the loader, the network and the decoder, one after another.

    At most `MAX_PEOPLE` people are timed, in whole batches of a power of two, after one
    batch to warm up. The decoder's time is that of prediction less that of the network,
    as both are compiled in one graph; that of an exported network is part of it. During
    training and evaluation the loader works in parallel with the network instead.

    Args:
        model: The network: a `StackedHourglass` or an `ExportedNetwork`.
        people: With the model's skeleton.
        options: Flip test, decoder, batch size, and handling of broken images.
        runtime: A key of `RUNTIMES`.

    Returns:
        Milliseconds per person of "loader", "network" and "decoder".
    """
    loader = evaluation_loader(model, people, options, runtime)
    predictor = RUNTIMES[runtime].make_predictor(
        model, options.flip, (1.0,), options.decoder
    )
    run = model.predict_on_batch if runtime == "keras" else predictor.run
    most = min(len(people), MAX_PEOPLE)
    batch_size = 1 << (min(options.batch_size, most).bit_length() - 1)
    batches = most // batch_size
    seconds = np.zeros(3)
    for number in range(batches + 1):
        first = max(0, number - 1) * batch_size  # the first batch twice
        marks = [time.perf_counter()]
        images, _ = loader.load_batch([(0, first + i) for i in range(batch_size)])
        both = np.concatenate([images, images[:, :, ::-1]]) if options.flip else images
        marks.append(time.perf_counter())
        run(both)
        marks.append(time.perf_counter())
        predictor.predict_keypoints(images[:, None])
        marks.append(time.perf_counter())
        if number:
            seconds += np.diff(marks)
    loading, network, whole = (1000 * seconds / (batches * batch_size)).tolist()
    decoding = max(0.0, whole - network)
    return {"loader": loading, "network": network, "decoder": decoding}


def network_milliseconds(model) -> float:
    """Measures a network in Keras on one image: the median of `ROUNDS` rounds."""
    image = np.zeros((1, *model.image_size, 3), "uint8")
    seconds = []
    for _ in range(WARM_UP + ROUNDS):
        started = time.perf_counter()
        model.predict_on_batch(image)
        seconds.append(time.perf_counter() - started)
    return 1000 * float(np.median(seconds[WARM_UP:]))
