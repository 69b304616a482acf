"""What the computer trains on."""

import platform
from pathlib import Path

import keras


def listed() -> list[str]:
    """What Keras's backend can run on, as `gpu:0`: CPUs only if there is no other."""
    if keras.backend.backend() == "torch":  # which Keras does not ask
        import torch

        return [f"gpu:{i}" for i in range(torch.cuda.device_count())] or ["cpu:0"]
    return keras.distribution.list_devices()


def accelerated() -> bool:
    """Whether there is anything but CPUs for Keras's backend."""
    return any(not name.startswith("cpu") for name in listed())


def name() -> str:
    """The model of the device that Keras's backend runs on."""
    if not accelerated():
        return _processor()
    if keras.backend.backend() == "jax":
        import jax

        return jax.devices()[0].device_kind
    if keras.backend.backend() == "torch":
        import torch

        return torch.cuda.get_device_name()
    import tensorflow as tf

    gpu = tf.config.list_physical_devices("GPU")[0]
    return tf.config.experimental.get_device_details(gpu)["device_name"]


def _processor():
    """Of Linux, the model's name; elsewhere what Python knows of it."""
    listed = Path("/proc/cpuinfo")
    lines = listed.read_text().splitlines() if listed.is_file() else []
    models = [line.split(":")[1].strip() for line in lines if "model name" in line]
    return models[0] if models else platform.processor() or platform.machine()
