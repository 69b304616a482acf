"""Runtimes of exported files, and measurement of their speed and memory.

    python -P runtimes.py RUNTIME SECONDS HEIGHT WIDTH FILE:BATCH_SIZE...

prints, as JSON, the milliseconds of each batch and the peak memory of the process.
Run as a program, this file imports only NumPy and the one runtime, so that the memory
is that of the runtime.

A runtime is a function of a file and a number of threads, by default that of the
processor. It loads the file and returns a function from crops `(people, height, width,
3)`, uint8, RGB, to arrays by name: `keypoints` `(people, joints, 2)`, in pixels of the
crops, `scores` `(people, joints)` and `heatmaps` `(people, height / 4, width / 4,
joints)`.
"""

import json
import os
import sys
import time

import numpy as np

WARM_UP_CALLS = 3  # not timed
MIN_CALLS, MAX_CALLS = 5, 200  # timed


def saved_model(path, threads: int | None = None):
    """TensorFlow, in as many threads as its configuration says."""
    import tensorflow as tf

    loaded = tf.saved_model.load(path)

    def run(crops):
        outputs = loaded.signatures["serve_crops"](crops=tf.constant(crops))
        return {name: value.numpy() for name, value in outputs.items()}

    return run


def litert(path, threads: int | None = None):
    """LiteRT's own interpreter if it is installed, else the one in TensorFlow.

    The file has a fixed batch size: crops are padded to a multiple of it.
    """
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ModuleNotFoundError:
        import tensorflow as tf

        Interpreter = tf.lite.Interpreter
    interpreter = Interpreter(str(path), num_threads=threads or os.cpu_count())
    signature = interpreter.get_signature_runner()
    batch_size = signature.get_input_details()["crops"]["shape"][0]

    def run(crops):
        padding = np.zeros((-len(crops) % batch_size, *crops.shape[1:]), crops.dtype)
        padded = np.concatenate([crops, padding])
        batches = [
            signature(crops=padded[start : start + batch_size])
            for start in range(0, len(padded), batch_size)
        ]
        return {
            name: np.concatenate([batch[name] for batch in batches])[: len(crops)]
            for name in batches[0]
        }

    return run


def onnx(path, threads: int | None = None):
    """ONNX Runtime on the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or os.cpu_count()
    session = onnxruntime.InferenceSession(
        str(path), options, providers=["CPUExecutionProvider"]
    )
    names = [output.name for output in session.get_outputs()]
    return lambda crops: dict(zip(names, session.run(names, {"crops": crops})))


def openvino(path, threads: int | None = None):
    """OpenVINO on the CPU, in float32; its default may be bfloat16."""
    import openvino

    settings = {"INFERENCE_PRECISION_HINT": "f32"}
    settings["INFERENCE_NUM_THREADS"] = threads or os.cpu_count()
    network = openvino.Core().compile_model(str(path), "CPU", settings)
    names = ("keypoints", "scores", "heatmaps")

    def run(crops):
        outputs = network(crops)
        return {name: outputs[name] for name in names}

    return run


def keras(path, threads: int | None = None):
    """Keras, in as many threads as its backend's configuration says: heatmaps alone."""
    from keras_hourglass.models.loading import load_model

    model = load_model(path)
    return lambda crops: {"heatmaps": model.predict_on_batch(crops)[:, -1]}


RUNTIMES = {f.__name__: f for f in (keras, saved_model, litert, onnx, openvino)}


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
