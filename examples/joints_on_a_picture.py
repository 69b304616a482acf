"""Find a person's joints in a picture, and draw them on it.

python examples/joints_on_a_picture.py photo.jpg model.keras 120 80 200 400
"""

import sys
from pathlib import Path

from keras_hourglass import PoseEstimator
from keras_hourglass.data.images import decode
from keras_hourglass.visualization.skeletons import png
from keras_hourglass.visualization.skeletons import skeleton as skeleton_


def main(photo, model, box, output="joints.png"):
    estimator = PoseEstimator(model)
    ((pose,),) = estimator([photo], [box])
    for name, (x, y), score in zip(pose.names, pose.joints, pose.scores):
        print(f"{name:16} {x:8.1f} {y:8.1f}   {score:.2f}")

    pixels = decode.read(photo).pixels
    skeleton = estimator.model.skeleton
    drawn = skeleton_(pixels, pose.joints, skeleton, pose.scores)
    Path(output).write_bytes(png(drawn))
    return pose


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], [float(value) for value in sys.argv[3:7]])
