"""Predict one person of each image of a dataset, and draw them in a grid.

python examples/image_grid.py coco DIR people.jpg
"""

import sys

import cv2
import numpy as np

import keras_hourglass as kh

BOX_RATIO = 1 / 1.25  # a window is 1.25 times the longer side of a person's box


def main(
    dataset, root, output="people.jpg", model="photo", count=12, columns=6, side=256
):
    people = kh.load_dataset(dataset, root)
    _, first = np.unique(people.images.astype(str), return_index=True)
    estimator, drawn = kh.PoseEstimator(model), []
    for person in people[first[:count]]:
        image = kh.read_image(person.image)
        box = BOX_RATIO * person.side
        corner = person.center - (box - 1) / 2
        (pose,) = estimator(image, [[*corner, box, box]])
        low = np.maximum(0, np.rint(person.center - person.side / 2)).astype(int)
        high = np.rint(person.center + person.side / 2).astype(int)
        drawn.append(pose.plot(image)[low[1] : high[1], low[0] : high[0]])
    grid = kh.image_grid(drawn, columns, size=(side, side))
    cv2.imwrite(str(output), cv2.cvtColor(grid, cv2.COLOR_RGB2BGR))
    return grid


if __name__ == "__main__":
    main(*sys.argv[1:4])
