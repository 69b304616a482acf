"""Compare the people of a SavedModel with those of PoseEstimator on photographs.

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


def main(model, version, folder, detector="people"):
    served = tf.saved_model.load(version).signatures
    detector = kh.load_detector(detector, runtime="keras")
    one, everyone = (
        kh.PoseEstimator(model, runtime="keras", detector=each)
        for each in (None, detector)
    )
    largest, people, different = [], [], 0
    for path in sorted(Path(folder).rglob("*")):
        if path.suffix.lower() not in SUFFIXES:
            continue
        pixels = cv2.imread(str(path), STORED)
        data = tf.constant([path.read_bytes()])
        (pose,) = one(pixels)
        found = served["serving_default"](image_bytes=data)["keypoints"][0]
        largest.append(np.linalg.norm(found - pose.joints, axis=-1).max())
        answer, poses = served["serve_people"](image_bytes=data), everyone(pixels)
        if answer["count"][0] != len(poses):
            different += 1
            continue
        for pose, found in zip(poses, answer["keypoints"][0].numpy()):
            people.append(np.linalg.norm(found - pose.joints, axis=-1).max())
    print(f"{len(largest)} photographs; of people, the keypoint that differs most:")
    report("serving_default", largest)
    report("serve_people", people)
    print(f"photographs with other numbers of people: {different}")
    return np.array(largest), np.array(people), different


def report(signature, distances):
    distances = np.array(distances)
    far, lost = ((distances > limit).sum() for limit in (0.05, 1))
    print(f"{signature}: {len(distances)} people, {far} over 0.05 px, {lost} over 1 px")
    if len(distances):
        median, most = np.median(distances), distances.max()
        print(f"in the median {median:.5f} px, at most {most:.3f} px")


if __name__ == "__main__":
    main(*sys.argv[1:])
