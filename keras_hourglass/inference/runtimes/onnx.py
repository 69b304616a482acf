"""ONNX files, in ONNX Runtime."""

from keras_hourglass.inference.runtimes.base import Runtime, damaged
from keras_hourglass.utils.cores import core_count


class Onnx(Runtime):
    """ONNX Runtime on the CPU."""

    suffix = ".onnx"
    packages = ("onnxruntime",)
    install = "'.[onnx]'"

    def __init__(self, path, threads: int | None = None):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or core_count()
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # of the runtime's own kinds
            raise damaged(path, error) from error
        self._names = [output.name for output in self._session.get_outputs()]

    def __call__(self, crops) -> dict:
        return dict(zip(self._names, self._session.run(self._names, {"crops": crops})))
