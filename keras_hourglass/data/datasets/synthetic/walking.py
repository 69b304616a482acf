"""Walking scenes: synthetic videos of known people who pass before each other.

They show which person is which in each frame, for tests of tracking.
"""

import math
from typing import NamedTuple

import numpy as np

from keras_hourglass.data.datasets.synthetic.person import draw_person
from keras_hourglass.data.datasets.synthetic.pose import Body, walking_pose
from keras_hourglass.data.datasets.synthetic.scene import draw_background

SIDEWAYS = 80.0  # degrees by which people are turned to where they walk
STEP_RATE = 0.9  # Hz, of both legs
SPEED = 0.8  # heights per second
HEIGHT = 0.6  # of a person, in heights of the image
MARGIN = 0.4  # beyond the image's sides, where people turn around, in their heights
GROUND = 0.5  # by which smaller people stand farther up, in pixels of their difference


class Walker(NamedTuple):
    """A person in a frame of a walking scene.

    Attributes:
        number: The person, from 0.
        joints: `(16, 2)`, MPII's joints, in image pixels.
        box: `(4,)`, around all that could be seen of the person: x, y, width, height.
        visible: Share of the person that is seen: within the image, and not hidden by
            others. 0 where nothing is.
    """

    number: int
    joints: np.ndarray
    box: np.ndarray
    visible: float


class WalkingScene:
    """People who walk to and fro before a background, a pure function of the seed.

    Each turns around beyond the edge of the image, and comes back.

    Args:
        seed: Of people and background.
        people: Number of people.
        size: Width and height of the image.
    """

    def __init__(self, seed: int = 0, people: int = 4, size=(480, 270)):
        random = np.random.default_rng((seed, people))
        self.seed, self.size = seed, size
        self.heights = np.sort(HEIGHT * size[1] * random.uniform(0.8, 1.25, people))
        self._speeds = SPEED * self.heights * random.uniform(0.7, 1.3, people)
        self._starts = random.uniform(0, 2, people)  # of the way there and back
        self._phases = random.uniform(0, 2 * math.pi, people)
        self._edge = math.ceil(2 * MARGIN * self.heights.max())  # drawn, then cut off
        whole = draw_background(random, max(size[0] + 2 * self._edge, size[1]))
        self._background = whole[: size[1], : size[0] + 2 * self._edge]

    def frame(self, seconds: float) -> tuple[np.ndarray, list[Walker]]:
        """Draws the scene at a time.

        Returns:
            `(height, width, 3)`, uint8, RGB; and each person, from back to front.
        """
        pixels, bodies, masks = self._background.copy(), [], []
        for number in range(len(self.heights)):
            bodies.append(self._body(number, seconds))
            parts = np.zeros(pixels.shape[:2], "uint8")
            outfit = np.random.default_rng((self.seed, number, 1))
            draw_person(outfit, pixels, bodies[-1], parts)
            masks.append(parts > 0)
        inside = slice(self._edge, self._edge + self.size[0])
        free, walkers = np.ones_like(masks[0][:, inside]), []
        for number in reversed(range(len(masks))):
            mask = masks[number][:, inside]
            share = (mask & free).sum() / masks[number].sum()
            free &= ~mask
            joints = bodies[number].joints[:, :2] - (self._edge, 0)
            walkers.append(Walker(number, joints, _box(mask), float(share)))
        return np.ascontiguousarray(pixels[:, inside]), walkers[::-1]

    def _body(self, number, seconds) -> Body:
        """Places a person on the ground, in pixels of the drawn canvas."""
        height, speed = self.heights[number], self._speeds[number]
        way = self.size[0] + 2 * MARGIN * height
        done = (self._starts[number] + seconds * speed / way) % 2
        side = 1 if done < 1 else -1
        x = self._edge - MARGIN * height + way * min(done, 2 - done)
        phase = self._phases[number] + 2 * math.pi * STEP_RATE * seconds
        build = np.random.default_rng((self.seed, number))
        body = walking_pose(build, phase, side * SIDEWAYS)
        ground = self.size[1] - GROUND * (self.heights[-1] - height) - 2
        points = {name: height * point for name, point in body.points.items()}
        lowest = max(point[1] for point in points.values())
        shift = np.array([x - points["pelvis"][0], ground - lowest, 0])
        points = {name: point + shift for name, point in points.items()}
        return Body(points, body.frames, height)


def _box(mask):
    """The box `(4,)` around the pixels of a mask; of size 0 around none."""
    rows, columns = np.nonzero(mask)
    if not len(rows):
        return np.zeros(4)
    low, high = (columns.min(), rows.min()), (columns.max(), rows.max())
    return np.array([*low, *np.subtract(high, low) + 1], float)
