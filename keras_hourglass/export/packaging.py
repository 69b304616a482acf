"""Makes the packaged files of networks, and prints their digests for `PRESETS`.

    python -m keras_hourglass.export.packaging DIR MODEL...

writes DIR/NAME.npz, the weights, and DIR/NAME.tflite, the inference form with weights
in 16 bits, of each MODEL: a preset with weights, or a `.keras` file, whose NAME is that
of the file.
"""

import sys
from pathlib import Path

from keras_hourglass.export import litert
from keras_hourglass.models.loading import load_model
from keras_hourglass.models.weights import Weights, digest_of, pack_weights


def main(directory, *models):
    """Writes the files; see the module's docstring for the arguments."""
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    for name in models:
        model = load_model(name)
        path = folder / f"{Path(name).stem}.tflite"
        litert.write(model, path, precision="float16")
        print(pack_weights(model, path.with_suffix(".npz")))
        print(Weights(path.name, digest_of(path)))


if __name__ == "__main__":
    main(*sys.argv[1:])
