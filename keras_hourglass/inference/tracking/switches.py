"""Identity switches: people whose number changes in a video.

Bernardin, Stiefelhagen. Evaluating Multiple Object Tracking Performance: The CLEAR MOT
Metrics, EURASIP Journal on Image and Video Processing 2008.
https://doi.org/10.1155/2008/246309
"""

import numpy as np

from keras_hourglass.heatmaps.array_library import NUMPY
from keras_hourglass.heatmaps.boxes import box_iou
from keras_hourglass.inference.tracking.tracker import (
    MAX_MISSED_SECONDS,
    TIME_TOLERANCE,
    assign,
)

MIN_IOU = 0.3  # of the boxes of a person and of a pose that is theirs


class SwitchCounter:
    """Counts identity switches, frame by frame.

    A number that is new after more than a second without the person is no switch.

    Attributes:
        people: Sum of the people of all frames.
        found: Sum of those who have a pose.
        switches: Changes of a person's number.
    """

    def __init__(self):
        self.people = self.found = self.switches = 0
        self._last = {}  # person -> number and time of their last pose

    def add(self, people: dict, poses: list, seconds: float):
        """Compares the poses of a frame with its people.

        Args:
            people: Name -> box `(4,)` of each person.
            poses: A tracked `Pose` for each person that was found.
            seconds: Time of the frame.
        """
        self.people += len(people)
        if not people or not poses:
            return
        boxes = np.stack([*people.values()])
        iou = box_iou(boxes[:, None], np.stack([pose.box for pose in poses]), NUMPY)
        iou[iou < MIN_IOU] = 0
        for row, name in enumerate(people):  # a match stays as long as it can
            number = self._last.get(name, (None, 0))[0]
            iou[row] += [2 * (pose.id == number) for pose in poses] * (iou[row] > 0)
        for row, column in assign(iou, MIN_IOU).items():
            name, current = [*people][row], poses[column].id
            number, time = self._last.get(name, (current, seconds))
            self.found += 1
            recent = seconds - time <= MAX_MISSED_SECONDS + TIME_TOLERANCE
            self.switches += number != current and recent
            self._last[name] = current, seconds
