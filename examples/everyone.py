"""Draw everyone on the photographs of a folder, in one image.

python examples/everyone.py photos everyone.jpg
"""

import argparse
from pathlib import Path

import cv2

import keras_hourglass as kh

SUFFIXES = {".jpg", ".jpeg", ".png"}


def main(folder, output="everyone.jpg", model="photo", detector="people", columns=5):
    paths = sorted(p for p in Path(folder).iterdir() if p.suffix.lower() in SUFFIXES)
    estimator, images, count = kh.PoseEstimator(model, detector=detector), [], 0
    for path, poses in zip(paths, estimator.stream(paths)):
        image = kh.read_image(path)
        for pose in poses:
            image = pose.plot(image)
        images.append(image)
        count += len(poses)
        print(f"{path.name}: {len(poses)} people")
    sheet = kh.image_grid(images, columns, size=(320, 280))
    cv2.imwrite(str(output), sheet[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])
    print(f"{count} people on {len(images)} photographs, drawn in {output}")
    return count


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("output", nargs="?", default="everyone.jpg")
    parser.add_argument("--model", default="photo")
    parser.add_argument("--detector", default="people")
    parser.add_argument("--columns", type=int, default=5)
    main(**vars(parser.parse_args()))
