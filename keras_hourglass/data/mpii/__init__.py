"""MPII Human Pose, in whichever form it lies in a folder.

Andriluka et al. 2D Human Pose Estimation: New Benchmark and State of the Art
Analysis, CVPR 2014. http://human-pose.mpi-inf.mpg.de
"""

from keras_hourglass.data import files
from keras_hourglass.data.gather import gather
from keras_hourglass.data.mpii import community, matlab
from keras_hourglass.data.people import People
from keras_hourglass.skeleton import MPII

FORMS = (matlab, community)


def load(root, faults=None) -> People:
    """The annotated people of MPII's training images, `val` ones among them.

    Args:
        root: Folder with `images/` and, beside or in `annotations/`, the `NAMES` of one
            of `FORMS`; of several the first is taken.
        faults: See `gather.gather`.
    """
    root = files.folder(root, "mpii")
    for form in FORMS:
        if path := files.find(root, *form.NAMES):
            entries, read = form.entries(path)
            return gather(entries, read, MPII, path, root / "images", faults)
    names = " or ".join(form.NAMES[0] for form in FORMS)
    raise files.DatasetError(
        f"`root` must hold {names}, itself or in its `annotations/`. "
        f"Received: root={str(root)!r}"
    )
