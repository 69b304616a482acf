"""Batching: prefetching in threads, and full batches across groups of images."""

from collections import deque
from concurrent.futures import ThreadPoolExecutor

import numpy as np


def prefetch(function, items, threads: int):
    """Maps a function over items in threads, a few items ahead, and keeps the order.

    Args:
        function: Called in threads; an exception is raised at the item's turn.
        items: An iterable; at most `threads` more items are taken than were yielded.
        threads: Number of threads.
    """
    with ThreadPoolExecutor(threads) as pool:
        results = deque()
        for item in items:
            results.append(pool.submit(function, item))
            if len(results) > threads:
                yield results.popleft().result()
        while results:
            yield results.popleft().result()


def run_batched(groups, predict, batch_size: int):
    """Predicts on groups of images, in batches that reach across groups.

    Args:
        groups: An iterable of (key, images); the images have one shape, and a group
            may have none.
        predict: Function of `(batch, ...)` images and the size that the batch is to
            be padded to, which gives an iterable of one result per image. The size is
            1 until there was a full batch, then `batch_size`.
        batch_size: Images in a full batch. A smaller one is predicted once more than
            twice as many groups wait, as where few of them have images.

    Yields:
        (key, results) of each group, in order, as soon as they are known.
    """
    pending, images, results, min_batch = deque(), [], deque(), 1

    def finished():
        while pending and pending[0][1] <= len(results):
            key, count = pending.popleft()
            yield key, [results.popleft() for _ in range(count)]

    for key, group in groups:
        pending.append((key, len(group)))
        images += group
        while len(images) >= batch_size or (images and len(pending) > 2 * batch_size):
            if len(images) >= batch_size:
                min_batch = batch_size
            results.extend(predict(np.stack(images[:batch_size]), min_batch))
            del images[:batch_size]
        yield from finished()
    if images:
        results.extend(predict(np.stack(images), min_batch))
    yield from finished()
