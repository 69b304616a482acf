"""Full batches for the network, whatever comes in."""

from collections import deque
from concurrent.futures import ThreadPoolExecutor

import numpy as np


def prefetch(make, items, threads: int):
    """What a function makes of each item, in order: some before they are asked for.

    Args:
        make: Called in threads; what it raises is raised here.
        items: An iterable, of which no more are taken than are needed for that.
        threads: How many there are.
    """
    with ThreadPoolExecutor(threads) as pool:
        made = deque()
        for item in items:
            made.append(pool.submit(make, item))
            if len(made) > threads:
                yield made.popleft().result()
        while made:
            yield made.popleft().result()


def run_batched(groups, ask, batch_size: int):
    """Answers to groups of images, in order; batches hold those of several groups.

    Args:
        groups: Of (anything, images of one shape, maybe none).
        ask: `(images, ...)`, least -> an iterable of an answer for each. Once there
            was a full batch, the last is to be filled up to its size.
        batch_size: Of a full batch.

    Yields:
        (anything, answers) of each group, as soon as they are known.
    """
    waiting, images, answers, least = deque(), [], deque(), 1

    def ready():
        while waiting and waiting[0][1] <= len(answers):
            group, count = waiting.popleft()
            yield group, [answers.popleft() for _ in range(count)]

    for group, some in groups:
        waiting.append((group, len(some)))
        images += some
        while len(images) >= batch_size:
            least = batch_size
            answers.extend(ask(np.stack(images[:batch_size]), least))
            del images[:batch_size]
        yield from ready()
    if images:
        answers.extend(ask(np.stack(images), least))
    yield from ready()
