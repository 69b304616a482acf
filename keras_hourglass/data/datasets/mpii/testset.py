"""MPII's test pictures, and whom of them the test server judges.

Those who are "sufficiently separated" from others, whom `single_person` lists, 7,247 in
all, and nobody else. Where each of them is and how large may be used.

http://human-pose.mpi-inf.mpg.de/#evaluation
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from keras_hourglass.data.datasets.mpii import mat_format
from keras_hourglass.data.datasets.mpii.conventions import person_window
from keras_hourglass.data.people import People, from_rows
from keras_hourglass.data.readers import files, paths
from keras_hourglass.data.readers.rows import PARSE_ERRORS
from keras_hourglass.skeletons import MPII


class TestPerson(NamedTuple):
    """Somebody to judge: of which test picture, and which in it, both from 0."""

    picture: int
    number: int
    file: str
    objpos: np.ndarray
    scale: float


class TestSet:
    """The test pictures of an annotation, and whom of them the server judges.

    Args:
        path: Of `mpii_human_pose_v1_u12_1.mat`.

    Attributes:
        entries: The annotation of each picture.
        people: Everybody to judge.
        unplaced: How many are on the list, though their place or size is unknown.

    Raises:
        DatasetError: If the file is another, or lists nobody.
    """

    def __init__(self, path: Path):
        self.path = path
        release = files.read_matlab(path, "RELEASE", squeeze=True)
        self.people, self.unplaced = [], 0
        try:
            test = ~np.atleast_1d(release.img_train).astype(bool)
            self.entries = [*np.atleast_1d(release.annolist)[test]]
            single = [*np.atleast_1d(release.single_person)[test]]
            for place, (entry, listed) in enumerate(zip(self.entries, single)):
                self._add(place, entry, np.ravel(listed).astype(int))
        except PARSE_ERRORS as error:
            raise files.DatasetError(
                f"{path} is not MPII's annotation: {error}"
            ) from None
        if not self.people:
            raise files.DatasetError(f"{path} lists nobody to test on")

    def _add(self, place, entry, listed):
        rects = np.atleast_1d(entry.annorect)
        for number in listed - 1:
            if not 0 <= number < len(rects):
                raise ValueError(f"{entry.image.name} has no person {number + 1}")
            objpos = mat_format.to_numbers(
                getattr(rects[number], "objpos", None), "x", "y"
            )
            scale = mat_format.to_numbers(rects[number], "scale")
            if objpos is None or scale is None or not scale[0] > 0:
                self.unplaced += 1
                continue
            file = str(entry.image.name)
            self.people.append(TestPerson(place, int(number), file, objpos, scale[0]))

    def as_people(self, images: Path) -> People:
        """The same people, to be looked at: no joint of them is known.

        Args:
            images: Folder of the pictures.
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
