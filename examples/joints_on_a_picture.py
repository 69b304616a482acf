"""Find a person's joints in a picture, and draw them on it.

python examples/joints_on_a_picture.py photo.jpg model.keras 120 80 200 400
"""

import sys

from keras_hourglass import PoseEstimator
from keras_hourglass.data.images import decoding
from keras_hourglass.visualization.images import save_image
from keras_hourglass.visualization.skeletons import draw_skeleton


def main(photo, model, box, output="joints.png"):
    estimator = PoseEstimator(model)
    ((pose,),) = estimator([photo], [box])
    for name, (x, y), score in zip(pose.names, pose.joints, pose.scores):
        print(f"{name:16} {x:8.1f} {y:8.1f}   {score:.2f}")

    pixels = decoding.read_region(photo).pixels
    skeleton = estimator.model.skeleton
    drawn = draw_skeleton(pixels, pose.joints, skeleton, pose.scores)
    save_image(output, drawn)
    return pose


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], [float(value) for value in sys.argv[3:7]])
