"""python images.py FIRST COUNT FOLDER: damaged images, read by both readers.

Each comes out as pixels, no more than its header says, or is refused as broken. What
does not is printed with its number, of which all follows, and the file is kept.
"""

import sys
from pathlib import Path
from random import Random
from time import perf_counter

import cv2
import numpy as np
from mutate import damaged

from keras_hourglass.data.datasets import synthetic
from keras_hourglass.data.images import headers
from keras_hourglass.data.images.safety import ImageDecodeError
from keras_hourglass.data.pipeline import loader, tf_data
from keras_hourglass.geometry import Window

READERS = (loader.read_reduced, tf_data.read_window)
LONG = 30  # seconds that no image may take
SHARED = Path(__file__).parents[3] / "shared" / "data" / "fixtures"


def whole_images():
    """Undamaged files to begin with: half of them plain JPEGs."""
    people = synthetic.load_synthetic("4")
    drawn = [people.readers[i](people.images[i])[..., ::-1] for i in range(4)]
    real = [path.read_bytes() for path in sorted(SHARED.glob("*/images/*.jpg"))]
    for image in drawn:
        for kind in (
            (),
            (cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
            (cv2.IMWRITE_JPEG_RST_INTERVAL, 4),
        ):
            real.append(cv2.imencode(".jpg", image, kind)[1].tobytes())
    real.append(cv2.imencode(".jpg", drawn[0][..., 0])[1].tobytes())
    others = [
        cv2.imencode(extension, image)[1].tobytes()
        for extension in (".png", ".webp", ".bmp", ".gif", ".tiff")
        for image in drawn[:2]
    ]
    return [real, real, real, others]


def main(first, count, folder):
    sources, counted, wrong = whole_images(), {"read": 0, "refused": 0}, 0
    for number in range(first, first + count):
        random = Random(number)
        data = damaged(random.choice(random.choice(sources)), random)
        path = folder / f"{number}.jpg"
        path.write_bytes(data)
        window = Window.from_center(
            np.array([random.uniform(-50, 700), random.uniform(-50, 500)]),
            np.float64(random.choice([20, 150, 600, 3000])),
            (64, 64),
        )
        try:
            for read in READERS:
                began = perf_counter()
                try:
                    region = read(str(path), window, (64, 64))
                except ImageDecodeError as error:
                    assert str(path) in str(error)
                    counted["refused"] += 1
                else:
                    head = headers.read_header(data)
                    height, width, channels = region.pixels.shape
                    assert channels == 3 and region.pixels.dtype == np.uint8
                    assert max(width, height) <= max(head.width, head.height)
                    assert np.isfinite(np.concatenate(region.place)).all()
                    counted["read"] += 1
                assert perf_counter() - began < LONG, "it took too long"
            path.unlink()
        except Exception as error:
            wrong += 1
            print(f"{path}: {type(error).__name__}: {error}")
    print(f"{count} damaged images: {counted}, {wrong} wrong")
    return wrong


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])) > 0)
