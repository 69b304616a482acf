"""MPII, from the download to the score.

Download mpii_human_pose_v1.tar.gz (12.9 GB of pictures) and
mpii_human_pose_v1_u12_2.zip (annotations) from http://human-pose.mpi-inf.mpg.de, so
that one folder holds `images/` and `mpii_human_pose_v1_u12_1.mat`. Then:

python examples/mpii.py FOLDER
"""

import sys
from dataclasses import replace

from keras_hourglass.data.mixture import DatasetSpec
from keras_hourglass.evaluation.evaluator import evaluate
from keras_hourglass.models.loading import load_model
from keras_hourglass.training import recipes
from keras_hourglass.training.config import TrainConfig
from keras_hourglass.training.run_dir import BEST_FILE
from keras_hourglass.training.trainer import Trainer


def main(root, output="runs/mpii", dataset="mpii", missing="error", **network):
    changes = {k: network.pop(k) for k in ("epochs", "batch_size") if k in network}
    recipe = replace(recipes.get_recipe("modern"), network=network, **changes)
    run = Trainer(
        TrainConfig(recipe, (DatasetSpec(dataset, root),), missing=missing), output
    )
    run.train()

    best = load_model(run.folder / BEST_FILE)
    (loader,) = run.validators.values()
    result = evaluate(best, loader.preprocessor.people, flip=True, batch_size=16)
    print(result)
    return result.to_dict()


if __name__ == "__main__":
    main(sys.argv[1], stacks=2, block="multidilated")
