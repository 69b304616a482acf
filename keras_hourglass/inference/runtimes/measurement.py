"""Measurement of the speed and memory of runtimes.

    python -P -m keras_hourglass.inference.runtimes.measurement \
        RUNTIME SECONDS HEIGHT WIDTH FILE:BATCH_SIZE...

prints, as JSON, the milliseconds of each batch and the peak memory of the process. It
imports only NumPy and the one runtime, so that the memory is that of the runtime.
"""

import json
import sys
import time

import numpy as np

from keras_hourglass.inference.runtimes import RUNTIMES

WARM_UP_CALLS = 3  # not timed
MIN_CALLS, MAX_CALLS = 5, 200  # timed


def measure_milliseconds(run, crops, seconds: float = 1.0) -> float:
    """Measures the median time of a call.

    Args:
        run: A function of one argument.
        crops: The argument.
        seconds: Calls are repeated for so long, within `MIN_CALLS` and `MAX_CALLS`.
    """
    for _ in range(WARM_UP_CALLS):
        run(crops)
    times = []
    while len(times) < MIN_CALLS or (sum(times) < seconds and len(times) < MAX_CALLS):
        started = time.perf_counter()
        run(crops)
        times.append(time.perf_counter() - started)
    return 1000 * float(np.median(times))


def peak_memory() -> int | None:
    """Peak memory of the process, in bytes; None if the system does not tell."""
    try:  # Linux, where `resource` includes the process that started this one
        with open("/proc/self/status") as status:
            (line,) = (line for line in status if line.startswith("VmHWM"))
        return 1024 * int(line.split()[1])
    except (OSError, ValueError):
        pass
    try:
        import resource
    except ModuleNotFoundError:  # Windows
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # macOS: in bytes


def main(runtime, seconds, height, width, *files):
    """Measures a runtime; see the module's docstring for the arguments."""
    random, milliseconds = np.random.default_rng(0), {}
    for file in files:
        path, _, batch_size = file.rpartition(":")
        shape = (int(batch_size), int(height), int(width), 3)
        crops = random.integers(0, 256, shape, "uint8")
        milliseconds[batch_size] = measure_milliseconds(
            RUNTIMES[runtime](path), crops, float(seconds)
        )
    print(json.dumps({"milliseconds": milliseconds, "peak_memory": peak_memory()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
