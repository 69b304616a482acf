"""A runtime: a program that runs networks."""

from importlib.util import find_spec


class Runtime:
    """Runs a network on crops. A runtime is a subclass, and a line of `RUNTIMES`.

    Its package is imported when a network is loaded, and not before.

    Args:
        path: The file, or the folder, of a network.
        threads: By default, as many as the process may use.

    Attributes:
        suffix: Ending of the files that it reads; None if it reads folders.
        packages: Packages, one of which it needs; the first is the usual one.
        install: What `pip install` takes to install the first.

    Raises:
        ModuleNotFoundError: If its package is not installed.
        ValueError: If the file is damaged, or of another kind.
    """

    suffix: str | None = None
    packages: tuple[str, ...] = ()
    install: str = ""

    def __init__(self, path, threads: int | None = None):
        raise NotImplementedError

    def __call__(self, crops) -> dict:
        """Runs the network.

        Args:
            crops: `(people, height, width, 3)`, uint8, RGB: any number of people.

        Returns:
            Arrays by name: `keypoints` `(people, joints, 2)`, in pixels of the crops,
            `scores` `(people, joints)` and `heatmaps` `(people, height / 4,
            width / 4, joints)`. Of a person detector `boxes` `(batch, 128, 4)` and
            `scores` `(batch, 128)`.
        """
        raise NotImplementedError

    @classmethod
    def installed_packages(cls) -> list[str]:
        """Returns which of its packages can be imported; imports none of them."""
        return [name for name in cls.packages if find_spec(name) is not None]

    @classmethod
    def for_inference(cls, network):
        """Returns a network in the form that it is run in."""
        return network

    @classmethod
    def make_predictor(cls, network, flip, scales, decoder):
        """Loads a network for keypoint prediction.

        Args:
            network: An `ExportedNetwork`; for Keras, a `StackedHourglass`.
            flip, scales, decoder: See `HeatmapAverage`.

        Returns:
            An object with `predict_keypoints(crops, min_batch)`; see
            `ExportedPredictor`.
        """
        from keras_hourglass.inference.runtimes.exported import ExportedPredictor

        return ExportedPredictor(cls(network.path), network, flip, scales, decoder)

    @classmethod
    def make_detector(cls, network):
        """Loads a network for the detection of people.

        Args:
            network: An `ExportedFile`; for Keras, a `PersonDetector`.

        Returns:
            An object with `predict_boxes(images)`; see `ExportedDetector`.
        """
        from keras_hourglass.inference.runtimes.exported import ExportedDetector

        return ExportedDetector(cls(network.path), network)


def reason_of(error: Exception) -> str:
    """Returns the line of an error's message that says the reason."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    # OpenVINO names places of its code first.
    reasons = [line for line in lines if not line.endswith(":")] or lines
    return reasons[0][:200] if reasons else type(error).__name__


def damaged(path, error: Exception) -> ValueError:
    """The error for a file that its runtime does not load, in one line."""
    return ValueError(f"{path} is damaged, or of another kind: {reason_of(error)}")
