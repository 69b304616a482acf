"""SavedModels, in TensorFlow."""

from keras_hourglass.inference.runtimes.base import Runtime, damaged


class SavedModel(Runtime):
    """TensorFlow, in as many threads as its configuration says; without Keras."""

    packages = ("tensorflow",)
    install = "tensorflow"

    def __init__(self, path, threads: int | None = None):
        import tensorflow as tf

        try:
            self._loaded = tf.saved_model.load(str(path))
            self._run = self._loaded.signatures["serve_crops"]
        except Exception as error:  # of many kinds
            raise damaged(path, error) from error

    def __call__(self, crops) -> dict:
        import tensorflow as tf

        outputs = self._run(crops=tf.constant(crops))
        return {name: value.numpy() for name, value in outputs.items()}
