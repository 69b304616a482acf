"""Predictions for MPII's test server: the people it evaluates, in its file format.

http://human-pose.mpi-inf.mpg.de/#evaluation
"""

from pathlib import Path

from keras_hourglass.data.datasets.mpii import mat_format, submission
from keras_hourglass.data.datasets.mpii.testset import TestSet
from keras_hourglass.data.readers import files
from keras_hourglass.evaluation.predictions import PeoplePredictor
from keras_hourglass.heatmaps.decode import DEFAULT_DECODER
from keras_hourglass.inference.runtimes.keypoint_options import KeypointOptions
from keras_hourglass.models.loading import load_argument
from keras_hourglass.skeletons import MPII
from keras_hourglass.utils.files import atomic_write, require_writable


def save_mpii_submission(
    model,
    root,
    output,
    *,
    flip: bool = False,
    decoder: str = DEFAULT_DECODER,
    batch_size: int = 8,
) -> TestSet:
    """Predicts the people of MPII's test images and writes the file to submit.

    The file is read back and checked before it takes its name.

    Args:
        model: What `kh.load_model` takes, with MPII's joints.
        root: MPII's folder: the official annotation, and all test images.
        output: Path of the `.mat` file.
        flip: Averages the heatmaps with those of the mirrored image (flip test).
        decoder: A key of `heatmaps.DECODERS`.
        batch_size: People per call of the network.

    Returns:
        The test set: its `people`, `entries` (images) and `unplaced` people.

    Raises:
        ValueError: If the model lacks joints of MPII.
        DatasetError: If a test image is missing or cannot be read.
        OSError: If `output` cannot be written.
    """
    options = KeypointOptions(flip, decoder, batch_size, broken="skip")
    name, model = model, load_argument(model, "model")
    if missing := sorted(n for n in MPII.joints if n not in model.skeleton):
        raise ValueError(
            f"`model` must predict MPII's joints. Received: {name}, which lacks "
            f"{missing}"
        )
    root = files.require_folder(root, "mpii")
    require_writable(output)
    test = TestSet(files.find_file(root, *mat_format.NAMES))
    people = test.as_people(root / "images").to_skeleton(model.skeleton)
    images = dict.fromkeys(people.images)
    if missing := [path for path in images if not Path(path).is_file()]:
        raise files.DatasetError(
            f"{len(missing):,} of {len(images):,} test images are missing, the first: "
            f"{missing[0]}. The server requires all people"
        )
    predictions = PeoplePredictor(model, options)(people)
    if unreadable := predictions.unreadable:
        raise files.DatasetError(
            f"{len(unreadable):,} test images cannot be read, the first: "
            f"{unreadable[0]}. The server requires all people"
        )
    joints = predictions.joints[:, model.skeleton.indices(MPII.joints)]
    Path(output).parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(Path(output)) as path:
        submission.write_submission(path, test, joints)
        submission.check_submission(path, test)
    return test
