"""Tasks of training: the network, data, loss, metric and snapshots of each."""

from keras_hourglass.training.tasks.detection import DetectionTask
from keras_hourglass.training.tasks.pose import PoseTask
from keras_hourglass.training.tasks.task import Task

TASKS: dict[str, Task] = {task.name: task for task in (PoseTask(), DetectionTask())}
