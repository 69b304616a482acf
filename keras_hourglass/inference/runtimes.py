"""What runs exported files, each by its own runtime; and how quickly it does.

    python -P runtimes.py RUNTIME SECONDS HEIGHT WIDTH FILE:BATCH...

prints milliseconds of each batch, and the most memory that the process had. So run,
this file imports nothing but NumPy and the one runtime, whose memory is measured.
"""

import json
import os
import sys
import time

import numpy as np

WARM_UP, MIN_CALLS, MAX_CALLS = (
    3,
    5,
    200,
)  # runs that are not timed, that are at least, at most


def saved_model(path, threads: int | None = None):
    """TensorFlow, in as many threads as it is set to."""
    import tensorflow as tf

    loaded = tf.saved_model.load(path)

    def answer(crops):
        served = loaded.signatures["serve_crops"](crops=tf.constant(crops))
        return {name: value.numpy() for name, value in served.items()}

    return answer


def litert(path, threads: int | None = None):
    """LiteRT's own interpreter, where it is installed, else the one in TensorFlow."""
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ModuleNotFoundError:
        import tensorflow as tf

        Interpreter = tf.lite.Interpreter
    interpreter = Interpreter(str(path), num_threads=threads or os.cpu_count())
    run = interpreter.get_signature_runner()
    batch = run.get_input_details()["crops"]["shape"][0]

    def answer(crops):
        blank = np.zeros((-len(crops) % batch, *crops.shape[1:]), crops.dtype)
        filled = np.concatenate([crops, blank])
        parts = [
            run(crops=filled[start : start + batch])
            for start in range(0, len(filled), batch)
        ]
        return {
            name: np.concatenate([part[name] for part in parts])[: len(crops)]
            for name in parts[0]
        }

    return answer


def onnx(path, threads: int | None = None):
    """ONNX Runtime, on the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or os.cpu_count()
    session = onnxruntime.InferenceSession(
        str(path), options, providers=["CPUExecutionProvider"]
    )
    names = [output.name for output in session.get_outputs()]
    return lambda crops: dict(zip(names, session.run(names, {"crops": crops})))


def openvino(path, threads: int | None = None):
    """OpenVINO, on the CPU, in float32: where it can, it would take bfloat16."""
    import openvino

    settings = {"INFERENCE_PRECISION_HINT": "f32"}
    settings["INFERENCE_NUM_THREADS"] = threads or os.cpu_count()
    network = openvino.Core().compile_model(str(path), "CPU", settings)
    names = ("keypoints", "scores", "heatmaps")

    def answer(crops):
        found = network(crops)
        return {name: found[name] for name in names}

    return answer


def keras(path, threads: int | None = None):
    """Keras itself, in as many threads as its backend is set to: heatmaps alone."""
    from keras_hourglass.models.loading import load_model

    model = load_model(path)
    return lambda crops: {"heatmaps": model.predict_on_batch(crops)[:, -1]}


# Runtime -> a function of a file, which gives one from crops `(people, height, width,
# 3)`, uint8, to what the file answers, by name.
RUNTIMES = {run.__name__: run for run in (keras, saved_model, litert, onnx, openvino)}


def measure_milliseconds(answer, crops, seconds: float = 1.0) -> float:
    """How long crops take, the median of some runs."""
    for _ in range(WARM_UP):
        answer(crops)
    taken = []
    while len(taken) < MIN_CALLS or (sum(taken) < seconds and len(taken) < MAX_CALLS):
        started = time.perf_counter()
        answer(crops)
        taken.append(time.perf_counter() - started)
    return 1000 * float(np.median(taken))


def peak_memory() -> int | None:
    """Bytes that the process has had at most; None where nobody knows."""
    try:  # of Linux: what `resource` says there includes the process that started it
        with open("/proc/self/status") as status:
            (line,) = (line for line in status if line.startswith("VmHWM"))
        return 1024 * int(line.split()[1])
    except (OSError, ValueError):
        pass
    try:
        import resource
    except ModuleNotFoundError:  # Windows
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # of macOS: bytes


def main(runtime, seconds, height, width, *files):
    """See above."""
    random, taken = np.random.default_rng(0), {}
    for file in files:
        path, _, batch = file.rpartition(":")
        size = (int(batch), int(height), int(width), 3)
        crops = random.integers(0, 256, size, "uint8")
        taken[batch] = measure_milliseconds(
            RUNTIMES[runtime](path), crops, float(seconds)
        )
    print(json.dumps({"milliseconds": taken, "peak_memory": peak_memory()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
