"""OpenVINO files, a `.xml` and its `.bin`, in OpenVINO."""

from pathlib import Path
from threading import Lock

from keras_hourglass.inference.runtimes.base import Runtime, damaged
from keras_hourglass.utils.cores import core_count


class OpenVino(Runtime):
    """OpenVINO on the CPU, in float32; its default may be bfloat16."""

    suffix = ".xml"
    packages = ("openvino",)
    install = "'.[openvino]'"

    def __init__(self, path, threads: int | None = None):
        import openvino

        path = Path(path)
        weights = path.with_suffix(".BIN" if path.suffix == ".XML" else ".bin")
        if not weights.is_file():
            raise FileNotFoundError(f"{path} needs its weights: there is no {weights}")
        settings = {"INFERENCE_PRECISION_HINT": "f32"}
        settings["INFERENCE_NUM_THREADS"] = threads or core_count()
        try:
            core = openvino.Core()
            network = core.read_model(path, weights)  # on its own, it finds no `.BIN`
            self._network = core.compile_model(network, "CPU", settings)
        except Exception as error:  # RuntimeError, of many lines
            raise damaged(path, error) from error
        self._lock = Lock()

    def __call__(self, crops) -> dict:
        with self._lock:  # OpenVINO refuses a second call at the same time
            outputs = self._network(crops)
        return {
            name: value for output, value in outputs.items() for name in output.names
        }
