"""Predict the keypoints of the people in an image, and draw them.

python examples/predict_image.py photo.jpg
python examples/predict_image.py photo.jpg model.keras 120 80 200 400
"""

import sys

import cv2

import keras_hourglass as kh


def main(photo, model="photo", box=None, output="joints.png"):
    """The box is x, y, width and height, in pixels; without it, people are detected."""
    image = kh.read_image(photo)
    estimator = kh.PoseEstimator(model)
    poses = estimator(image, None if not box else [box])
    for number, pose in enumerate(poses):
        for name in pose:
            x, y, score = pose[name]
            print(f"{number:3} {name:16} {x:8.1f} {y:8.1f}   {score:.2f}")
        image = pose.plot(image)
    cv2.imwrite(str(output), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    return poses


if __name__ == "__main__":
    main(*sys.argv[1:3], box=[float(value) for value in sys.argv[3:7]])
