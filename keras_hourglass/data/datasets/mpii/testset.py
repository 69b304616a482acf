"""MPII's test set: the test images, and the people in them that the server evaluates.

These are the 7,247 people that `single_person` lists, "sufficiently separated" from
others. Their positions and scales may be used for inference.

http://human-pose.mpi-inf.mpg.de/#evaluation
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from keras_hourglass.data.datasets.mpii.conventions import person_window
from keras_hourglass.data.datasets.mpii.mat_format import numeric_fields
from keras_hourglass.data.people import People, from_rows
from keras_hourglass.data.readers import files, paths
from keras_hourglass.data.readers.rows import PARSE_ERRORS
from keras_hourglass.skeletons import MPII


class TestPerson(NamedTuple):
    """A person to evaluate.

    Attributes:
        image: Index of the test image, from 0.
        number: Index of the person in it, from 0.
        file: Name of the image.
        objpos: `(2,)`, x before y, in MPII pixels.
        scale: Height of the person, in units of 200 pixels.
    """

    image: int
    number: int
    file: str
    objpos: np.ndarray
    scale: float


class TestSet:
    """The test images of MPII's annotation.

    Args:
        path: Of `mpii_human_pose_v1_u12_1.mat`.

    Attributes:
        entries: The annotation of each test image, a struct.
        people: A `TestPerson` for each person to evaluate.
        unplaced: Number of listed people whose position or scale is unknown.

    Raises:
        DatasetError: If the file is not MPII's annotation, or lists no test person.
    """

    def __init__(self, path: Path):
        self.path = path
        release = files.read_matlab(path, "RELEASE", squeeze=True)
        self.people, self.unplaced = [], 0
        try:
            test = ~np.atleast_1d(release.img_train).astype(bool)
            self.entries = [*np.atleast_1d(release.annolist)[test]]
            single = [*np.atleast_1d(release.single_person)[test]]
            for image, (entry, numbers) in enumerate(zip(self.entries, single)):
                self._add_people(image, entry, np.ravel(numbers).astype(int))
        except PARSE_ERRORS as error:
            raise files.DatasetError(
                f"{path} is not MPII's annotation: {error}"
            ) from None
        if not self.people:
            raise files.DatasetError(f"{path} lists no people to test on")

    def _add_people(self, image, entry, numbers):
        rects, file = np.atleast_1d(entry.annorect), str(entry.image.name)
        for number in (int(n) for n in numbers - 1):
            if not 0 <= number < len(rects):
                raise ValueError(f"{file} has no person {number + 1}")
            objpos = numeric_fields(getattr(rects[number], "objpos", None), "x", "y")
            scale = numeric_fields(rects[number], "scale")
            if objpos is None or scale is None or not scale[0] > 0:
                self.unplaced += 1
                continue
            self.people.append(TestPerson(image, number, file, objpos, scale[0]))

    def as_people(self, images: Path) -> People:
        """Returns the people to evaluate, without joints, for inference.

        Args:
            images: Folder of the image files.
        """
        unknown = {"joints": np.zeros((16, 2)), "weights": np.zeros(16)}
        rows = [
            {
                **unknown,
                **person_window(person.objpos, person.scale),
                "image": paths.resolve_path(images, person.file),
                "name": f"{person.file} ({self.path}, test person {person.number + 1})",
            }
            for person in self.people
        ]
        return from_rows(MPII, rows)
