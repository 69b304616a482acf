"""Person detection as a task of training."""

from keras_hourglass.callbacks.box_ap import BoxAPCallback
from keras_hourglass.data.detection.mixture import load_photograph_mixture
from keras_hourglass.data.detection.preprocessing import PhotographPreprocessor
from keras_hourglass.losses import CenterLoss
from keras_hourglass.metrics import BoxAP
from keras_hourglass.models.person_detector import PersonDetector
from keras_hourglass.training.tasks.box_snapshots import snapshot_boxes
from keras_hourglass.training.tasks.task import Task


class DetectionTask(Task):
    """Finds the boxes of all people in a photograph."""

    name, network = PersonDetector.task, PersonDetector
    metric, callback = "box_ap", BoxAPCallback

    def loss(self, recipe):
        return CenterLoss(recipe.box_weight)

    def make_metric(self, model):
        return BoxAP()

    def load_data(self, config, model, given):
        return load_photograph_mixture(config.datasets, config.missing, given)

    def preprocessor(self, dataset, model, augmentation, seed):
        sizes = model.input_size, model.heatmap_size
        return PhotographPreprocessor(dataset, *sizes, augmentation, seed)

    def snapshot(self, model, loader):
        return snapshot_boxes(model, loader)
