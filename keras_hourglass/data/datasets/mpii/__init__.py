"""MPII Human Pose, in whichever form it lies in a folder.

Andriluka et al. 2D Human Pose Estimation: New Benchmark and State of the Art
Analysis, CVPR 2014. http://human-pose.mpi-inf.mpg.de
"""

from keras_hourglass.data.datasets.mpii import hdf5_format, json_format, mat_format
from keras_hourglass.data.people import People, concatenate
from keras_hourglass.data.readers import files
from keras_hourglass.data.readers.rows import collect_people
from keras_hourglass.skeletons import MPII

FORMS = (mat_format, json_format, hdf5_format)


def load_mpii(root, faults=None) -> People:
    """The annotated people of MPII's training images, `val` ones among them.

    Args:
        root: Folder with `images/` and, beside or in `annotations/`, the files that one
            of `FORMS` has as `NAMES`; of several forms the first is taken.
        faults: See `reading.gather`.
    """
    root = files.require_folder(root, "mpii")
    for form in FORMS:
        if paths := files.find_files(root, *form.NAMES):
            return concatenate(
                [
                    collect_people(
                        *form.read_entries(path), MPII, path, root / "images", faults
                    )
                    for path in paths
                ]
            )
    raise files.missing_file(root, *(name for form in FORMS for name in form.NAMES))
