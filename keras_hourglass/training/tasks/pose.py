"""Pose estimation as a task of training."""

import logging
from dataclasses import replace

from keras_hourglass.callbacks.pckh import PCKhCallback
from keras_hourglass.data.people.joint_notes import unlabeled_notes
from keras_hourglass.data.people.mixture import load_mixture
from keras_hourglass.data.pipeline.preprocessing import Preprocessor
from keras_hourglass.losses import HeatmapLoss
from keras_hourglass.metrics import PCKh
from keras_hourglass.models.stacked_hourglass import StackedHourglass
from keras_hourglass.training.tasks.pose_snapshots import snapshot_images
from keras_hourglass.training.tasks.task import Task

logger = logging.getLogger(__name__)


class PoseTask(Task):
    """Estimates the joints of a person in a crop."""

    name, network = StackedHourglass.task, StackedHourglass
    metric, callback = "pckh", PCKhCallback

    def loss(self, recipe):
        return HeatmapLoss(recipe.sigma, recipe.foreground, recipe.outside)

    def make_metric(self, model):
        measure = model.skeleton.measure
        if not measure.is_pckh:
            logger.info(
                "`pckh` is %s: joints with an error of at most %s of the %s.",
                *(measure.title, measure.threshold, measure.reference),
            )
        return PCKh(skeleton=model.skeleton)

    def load_data(self, config, model, given):
        mixture = load_mixture(config.datasets, model.skeleton, config.missing, given)
        return replace(mixture, notes=(*mixture.notes, *unlabeled_notes(mixture.train)))

    def preprocessor(self, dataset, model, augmentation, seed):
        sizes = model.input_size, model.heatmap_size
        return Preprocessor(dataset, *sizes, augmentation, seed)

    def snapshot(self, model, loader):
        return snapshot_images(model, loader)
