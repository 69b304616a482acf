"""Keras, on any of its backends: networks in memory, `.keras` files and runs."""

from keras_hourglass.inference.runtimes.base import Runtime


class Keras(Runtime):
    """Keras, in as many threads as its backend's configuration says: heatmaps alone."""

    suffix = ".keras"
    packages = ("keras",)
    install = "keras"

    def __init__(self, path, threads: int | None = None):
        from keras_hourglass.models.loading import load_model

        self._model = load_model(path)

    def __call__(self, crops) -> dict:
        return {"heatmaps": self._model.predict_on_batch(crops)[:, -1]}

    @classmethod
    def for_inference(cls, network):
        from keras_hourglass.models.loading import for_inference

        return for_inference(network)

    @classmethod
    def make_predictor(cls, network, flip, scales, decoder):
        from keras_hourglass.inference.runtimes.keypoints import KeypointPredictor

        return KeypointPredictor(network, flip, scales, decoder)

    @classmethod
    def make_detector(cls, network):
        from keras_hourglass.inference.runtimes.boxes import BoxPredictor

        return BoxPredictor(cls.for_inference(network))
