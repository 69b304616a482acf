"""MPII, from the download to the score.

Download mpii_human_pose_v1.tar.gz (12.9 GB of pictures) and
mpii_human_pose_v1_u12_2.zip (annotations) from http://human-pose.mpi-inf.mpg.de, so
that one folder holds `images/` and `mpii_human_pose_v1_u12_1.mat`. Then:

python examples/mpii.py FOLDER
"""

import sys

import keras_hourglass as kh


def main(root, output="runs/mpii", dataset="mpii", missing="error", **options):
    run = kh.train(
        dataset, "modern", output, root=root, missing=missing, verbose=1, **options
    )
    people = kh.load_dataset(dataset, root, split="val", missing=missing)
    result = kh.evaluate(run.model, people, flip=True, batch_size=16)
    print(result)
    return result.to_dict()


if __name__ == "__main__":
    main(sys.argv[1], stacks=2, block="multidilated")
