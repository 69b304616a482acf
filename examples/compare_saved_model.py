"""Compare the keypoints of a SavedModel with those of PoseEstimator on photographs.

hourglass-keras export photo models/people
python examples/compare_saved_model.py photo models/people/1 photos
"""

import sys
from pathlib import Path

import cv2
import numpy as np
import tensorflow as tf

import keras_hourglass as kh

SUFFIXES = {".jpg", ".jpeg", ".png"}
STORED = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION  # as TensorFlow decodes


def main(model, version, folder):
    served = tf.saved_model.load(version).signatures["serving_default"]
    estimator, largest = kh.PoseEstimator(model, runtime="keras", detector=None), []
    for path in sorted(Path(folder).rglob("*")):
        if path.suffix.lower() not in SUFFIXES:
            continue
        (pose,) = estimator(cv2.imread(str(path), STORED))
        answer = served(image_bytes=tf.constant([path.read_bytes()]))
        distances = np.linalg.norm(answer["keypoints"][0] - pose.joints, axis=-1)
        largest.append(distances.max())
    largest = np.array(largest)
    print(f"{len(largest)} photographs; of each, the keypoint that differs most:")
    print(f"more than 0.05 px {(largest > 0.05).sum()}, 1 px {(largest > 1).sum()}")
    print(f"in the median {np.median(largest):.5f} px, at most {largest.max():.3f} px")
    return largest


if __name__ == "__main__":
    main(*sys.argv[1:])
