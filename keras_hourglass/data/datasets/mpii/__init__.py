"""MPII Human Pose, in any of the three forms in which it is distributed.

Andriluka et al. 2D Human Pose Estimation: New Benchmark and State of the Art
Analysis, CVPR 2014. http://human-pose.mpi-inf.mpg.de
"""

from keras_hourglass.data.datasets.mpii import hdf5_format, json_format, mat_format
from keras_hourglass.data.people import People, concatenate
from keras_hourglass.data.readers import files
from keras_hourglass.data.readers.rows import collect_people
from keras_hourglass.skeletons import MPII

# Names of files -> the module that reads them. `annot.h5` is the whole of the two files
# before it: of all three, their people would come twice.
FORMATS = {
    mat_format.NAMES: mat_format,
    json_format.NAMES: json_format,
    hdf5_format.NAMES: hdf5_format,
    hdf5_format.LATER_NAMES: hdf5_format,
}


def load_mpii(root) -> People:
    """Loads the annotated people of MPII's training images.

    The 2,958 validation people of Tompson et al. are the split "val".

    Args:
        root: Folder with `images/` and, itself or in its `annotations/`, the files of
            one of `FORMATS`; of several formats the first is used.
    """
    root = files.require_folder(root, "mpii")
    for names, form in FORMATS.items():
        if paths := files.find_files(root, *names):
            return concatenate(
                [
                    collect_people(
                        *form.read_entries(path), MPII, path, root / "images"
                    )
                    for path in paths
                ]
            )
    raise files.missing_file(root, *(name for names in FORMATS for name in names))
