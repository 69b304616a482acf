"""Find the joints of one person of each picture of a dataset, on one sheet.

python examples/sheet_of_people.py coco DIR people.jpg
"""

import sys

import cv2
import numpy as np

from keras_hourglass import PoseEstimator
from keras_hourglass.data import datasets
from keras_hourglass.data.images import decoding
from keras_hourglass.data.warp import BOX_PADDING, shrink, warp
from keras_hourglass.geometry import Window
from keras_hourglass.models import presets
from keras_hourglass.visualization.grids import image_grid
from keras_hourglass.visualization.skeletons import draw_skeleton


def main(
    dataset,
    root,
    output="people.jpg",
    model=presets.DEFAULT_PRESET,
    count=12,
    columns=6,
):
    people = datasets.load_dataset(dataset, root)
    _, first = np.unique(people.images.astype(str), return_index=True)
    people = people[first[:count]]
    estimator, size, shown = PoseEstimator(model), (256, 256), []
    for path, center, side in zip(people.images, people.centers, people.sides):
        window = Window.from_center(center.astype(float), np.float64(side), size)
        region = decoding.read_region(path)
        ((pose,),) = estimator([region.pixels], [window.scaled(1 / BOX_PADDING).box()])
        image = warp(shrink(region, window, size), window, size)
        joints = window.to_grid(pose.joints, size)
        shown.append(
            draw_skeleton(image, joints, estimator.model.skeleton, pose.scores)
        )
    sheet = image_grid(shown, columns)
    cv2.imwrite(output, cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
    return sheet


if __name__ == "__main__":
    main(*sys.argv[1:4])
