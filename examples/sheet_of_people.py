"""Find the joints of one person of each picture of a dataset, on one sheet.

python examples/sheet_of_people.py coco DIR people.jpg
"""

import sys

import cv2
import numpy as np

from keras_hourglass import PoseEstimator
from keras_hourglass.data import datasets
from keras_hourglass.data.images import decode
from keras_hourglass.data.warp import OF_BOX, cut, shrink
from keras_hourglass.geometry import Crop
from keras_hourglass.models import presets
from keras_hourglass.visualization.grids import sheet as sheet_
from keras_hourglass.visualization.skeletons import skeleton


def main(
    dataset, root, output="people.jpg", model=presets.SHIPPED, count=12, columns=6
):
    people = datasets.load(dataset, root)
    _, first = np.unique(people.pictures.astype(str), return_index=True)
    people = people.take(first[:count])
    estimator, size, shown = PoseEstimator(model), (256, 256), []
    for path, center, side in zip(people.pictures, people.centers, people.sides):
        window = Crop.around(center.astype(float), np.float64(side), size)
        region = decode.read(path)
        ((pose,),) = estimator([region.pixels], [window.scaled(1 / OF_BOX).box()])
        image = cut(shrink(region, window, size), window, size)
        joints = window.to_grid(pose.joints, size)
        shown.append(skeleton(image, joints, estimator.model.skeleton, pose.scores))
    sheet = sheet_(shown, columns)
    cv2.imwrite(output, cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
    return sheet


if __name__ == "__main__":
    main(*sys.argv[1:4])
