"""Stacked hourglass networks for human pose estimation, in Keras 3.

Names are imported when they are first used (PEP 562), so that `import
keras_hourglass` takes no time, and needs no package that is not used.
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keras_hourglass.callbacks.box_ap import BoxAPCallback as BoxAPCallback
    from keras_hourglass.callbacks.pckh import PCKhCallback as PCKhCallback
    from keras_hourglass.callbacks.tensorboard import (
        TensorBoardLogger as TensorBoardLogger,
    )
    from keras_hourglass.data.augmentation import Augmentation as Augmentation
    from keras_hourglass.data.datasets import load_dataset as load_dataset
    from keras_hourglass.data.detection import Photographs as Photographs
    from keras_hourglass.data.detection.augmentation import (
        DetectionAugmentation as DetectionAugmentation,
    )
    from keras_hourglass.data.detection.loading import (
        load_photographs as load_photographs,
    )
    from keras_hourglass.data.images.decoding import read_image as read_image
    from keras_hourglass.data.people import People as People
    from keras_hourglass.evaluation.detection.end_to_end import (
        evaluate_end_to_end as evaluate_end_to_end,
    )
    from keras_hourglass.evaluation.evaluator import evaluate as evaluate
    from keras_hourglass.evaluation.predictions.other_programs import (
        evaluate_joints as evaluate_joints,
    )
    from keras_hourglass.export import export_model as export_model
    from keras_hourglass.inference.detectors import load_detector as load_detector
    from keras_hourglass.inference.estimator import PoseEstimator as PoseEstimator
    from keras_hourglass.inference.pose import Pose as Pose
    from keras_hourglass.inference.pose import to_dataframe as to_dataframe
    from keras_hourglass.inference.tracking.tracker import PoseTracker as PoseTracker
    from keras_hourglass.inference.video import Frame as Frame
    from keras_hourglass.inference.video import Video as Video
    from keras_hourglass.losses import CenterLoss as CenterLoss
    from keras_hourglass.losses import HeatmapLoss as HeatmapLoss
    from keras_hourglass.metrics import BoxAP as BoxAP
    from keras_hourglass.metrics import PCKh as PCKh
    from keras_hourglass.models.blocks.bottleneck import Bottleneck as Bottleneck
    from keras_hourglass.models.blocks.bottleneck import preactivated as preactivated
    from keras_hourglass.models.fusion.network import fuse as fuse
    from keras_hourglass.models.loading import load_model as load_model
    from keras_hourglass.models.person_detector import PersonDetector as PersonDetector
    from keras_hourglass.models.presets.hub import upload_preset as upload_preset
    from keras_hourglass.models.pytorch import convert as convert
    from keras_hourglass.models.stacked_hourglass import (
        StackedHourglass as StackedHourglass,
    )
    from keras_hourglass.skeletons import Skeleton as Skeleton
    from keras_hourglass.training.run import train as train
    from keras_hourglass.visualization.grids import image_grid as image_grid
    from keras_hourglass.visualization.skeletons import draw_skeleton as draw_skeleton

__version__ = "0.11.0"

_MODULES = {  # public name -> its module, as above
    "Augmentation": "data.augmentation",
    "BoxAP": "metrics",
    "BoxAPCallback": "callbacks.box_ap",
    "Bottleneck": "models.blocks.bottleneck",
    "CenterLoss": "losses",
    "DetectionAugmentation": "data.detection.augmentation",
    "Frame": "inference.video",
    "HeatmapLoss": "losses",
    "PCKh": "metrics",
    "PCKhCallback": "callbacks.pckh",
    "People": "data.people",
    "PersonDetector": "models.person_detector",
    "Photographs": "data.detection",
    "Pose": "inference.pose",
    "PoseEstimator": "inference.estimator",
    "PoseTracker": "inference.tracking.tracker",
    "Skeleton": "skeletons",
    "StackedHourglass": "models.stacked_hourglass",
    "TensorBoardLogger": "callbacks.tensorboard",
    "Video": "inference.video",
    "convert": "models.pytorch",
    "draw_skeleton": "visualization.skeletons",
    "evaluate": "evaluation.evaluator",
    "evaluate_end_to_end": "evaluation.detection.end_to_end",
    "evaluate_joints": "evaluation.predictions.other_programs",
    "export_model": "export",
    "fuse": "models.fusion.network",
    "image_grid": "visualization.grids",
    "load_dataset": "data.datasets",
    "load_detector": "inference.detectors",
    "load_model": "models.loading",
    "load_photographs": "data.detection.loading",
    "preactivated": "models.blocks.bottleneck",
    "read_image": "data.images.decoding",
    "to_dataframe": "inference.pose",
    "train": "training.run",
    "upload_preset": "models.presets.hub",
}
__all__ = [*_MODULES]


def __getattr__(name):
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *__all__})


if "keras" in sys.modules:  # its `load_model` finds classes that are registered
    _REGISTER = ("losses", "metrics", "models.fusion.network")
    _OPTIMIZERS = ("flat_optimizer", "muon")
    for _name in (*_REGISTER, *(f"training.optimizers.{x}" for x in _OPTIMIZERS)):
        import_module(f"{__name__}.{_name}")
