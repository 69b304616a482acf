"""Training with one call, and its results."""

import csv
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from keras_hourglass import skeletons
from keras_hourglass.models.config import BEST_FILE, NETWORK_DEFAULTS
from keras_hourglass.models.loading import load_model
from keras_hourglass.skeletons import Measure
from keras_hourglass.training import config, distribution
from keras_hourglass.training.config import CHECKPOINT_MINUTES
from keras_hourglass.training.runs import changes, checkpoint, config_file, run_dir
from keras_hourglass.training.runs.run_dir import HISTORY_FILE, LAST_FILE
from keras_hourglass.training.tasks import TASKS
from keras_hourglass.training.trainer import Trainer


@dataclass(frozen=True)
class Run:
    """Results of a training run, read from its folder.

    Attributes:
        folder: Folder of the run.
    """

    folder: Path

    @property
    def best(self) -> Path:
        """Path of `best.keras`, the network with the highest score of validation."""
        return self.folder / BEST_FILE

    @cached_property
    def model(self):
        """The best network, loaded when first used.

        A `StackedHourglass`, or for the task "detect" a `PersonDetector`.
        """
        return load_model(self.best)

    @property
    def task(self) -> str:
        """The purpose of the network: "pose" or "detect"."""
        return config_file.read_config(self.folder).task

    @property
    def score_name(self) -> str:
        """The score by which the best network is chosen, a key of `history`."""
        return f"val_{TASKS[self.task].metric}"

    @property
    def best_score(self) -> float:
        """The highest such score, in percent; -1 before any validation."""
        last = self.folder / LAST_FILE
        return checkpoint.read_state(last).best if last.is_file() else -1.0

    @property
    def best_pckh(self) -> float:
        """Highest `val_pckh` of a pose network, in percent of `measure`."""
        return self.best_score

    @property
    def measure(self) -> Measure:
        """The measure of `pckh` and `val_pckh`: PCKh, or PCK without a head."""
        network = config_file.read_config(self.folder).recipe.network
        skeleton = network.get("skeleton", NETWORK_DEFAULTS["skeleton"])
        return skeletons.get(skeleton).measure

    @property
    def history(self) -> dict[str, list[float]]:
        """Name -> one value per epoch, from `history.csv`."""
        path = self.folder / HISTORY_FILE
        if not path.is_file():
            return {}
        with open(path, newline="", encoding="utf-8") as file:
            rows = [*csv.DictReader(file)]
        names = (
            [name for name in rows[0] if name not in ("epoch", None)] if rows else []
        )
        return {name: [_to_number(row[name]) for row in rows] for name in names}


def train(
    dataset=None,
    recipe=None,
    output=None,
    *,
    task: str | None = None,
    root=None,
    verbose: int = 1,
    restart: bool = False,
    checkpoint_minutes: float = CHECKPOINT_MINUTES,
    devices: int | str = 1,
    coordinator: str | None = None,
    processes: int | None = None,
    process: int | None = None,
    **options,
) -> Run:
    """Trains a network, as `hourglass-keras train` does, and keeps the run in a folder.

    Stopped at any moment, even by a power cut, the same call with the run's folder as
    `output` goes on from the last checkpoint; options that are not given are those of
    the run. On one CPU, with TensorFlow, it ends with the same weights to the last bit.
    More `epochs` lengthen it, finished or not: the learning rate follows the schedule
    of the new number. The folder of a dataset may have moved, `missing` and `broken`
    may change; any other option that differs is an error.

    Args:
        dataset: `"NAME[:DIR][*SHARE]"`, say `"mpii:MPII"` or `"coco:COCO*0.5"` for half
            of its people in each epoch, drawn anew, `*0` for validation alone; or a
            `People`; or a list of these. By default synthetic people. For the task
            "detect", `Photographs` in place of `People`, and datasets that have the
            boxes of all people.
        recipe: Name of a recipe, or a `Recipe`. By default "modern"; "distill" with a
            teacher, "demo" without a dataset; for the task "detect", "detect" and
            "detect_demo".
        output: Folder of a new run, or of one to go on with. By default a new one in
            `runs/`.
        task: "pose", a `StackedHourglass` for the pose of a person in a crop, or
            "detect", a `PersonDetector` for all people in a photograph. By default that
            of the recipe, or of the run that goes on, else "pose".
        root: Folder of the only dataset, in place of `:DIR`.
        verbose: 0 prints nothing, 1 a progress bar and a table of scores per epoch, 2
            the same without the bar. Files and pipes never get the bar. Messages go to
            the logger `keras_hourglass`.
        restart: Begins anew: deletes the run that `output` holds, once the new one's
            data and network are there. With a `dataset` or a `recipe`, the new run has
            none of the old one's options.
        checkpoint_minutes: Minutes between two checkpoints within an epoch. There is
            one after each epoch, too.
        devices: Number of devices of this computer, or "all": GPUs if there are any,
            else CPUs.
        coordinator: `HOST:PORT` of the first of several processes (JAX alone).
        processes: Number of processes that train together.
        process: Index of this process, from 0.
        options: Options of the network: `stacks`, `block`, `blocks`, `filters`,
            `stem_filters`, `depth`, `skeleton`, `image_size`; see
            `StackedHourglass`; for the task "detect", those of `PersonDetector`. In
            place of the recipe's: `epochs`, `batch_size`, `learning_rate`,
            `augmentation` (a name, or an `Augmentation`), `distill_weight` (share of
            the teacher in the loss, 0 to 1). Of the run: `init_weights` (a `.keras`
            file, a run's folder or a preset with the initial weights, whose network is
            the default; `--from` of the command), `freeze` (names of layers that are
            not trained: `"stem"`, `"stack_1"`, ...), `teacher` (the same, for
            distillation), `precision` ("float32", "mixed_bfloat16" or
            "mixed_float16"), `seed`, and `missing` and `broken` ("error" or "skip",
            for images without a file, and for those that cannot be decoded). Of the
            datasets: `category`, `images`, `rescale`, `val_share` and `min_joints`;
            see `load_dataset`.

    Returns:
        A `Run`: its `model` is the best network, loaded, `best` the path of its file,
        `best_score` its validation's score in percent (`val_pckh` or `val_box_ap`,
        which `score_name` says; `best_pckh` is the same of a pose network), `history`
        a dictionary of name -> one value per epoch, `folder` the folder.

    Raises:
        ValueError: If an option is not possible, or `output` holds another run.
        DatasetError: If a dataset cannot be loaded.
        ImageDecodeError: If an image cannot be decoded and `broken` is "error".
        NonFiniteError: If the loss or the weights are NaN or infinite. The files of the
            run stay as they were before.
        Interrupted: After Ctrl-C or SIGTERM, once a checkpoint is written.
        FolderInUseError: If another process, or another thread, trains in `output`.
        ProcessLostError: If one of several processes has ended.

    Example:

    ```python
    import keras_hourglass as kh

    small = {"stacks": 1, "filters": 8, "stem_filters": 4, "depth": 2, "image_size": 32}
    run = kh.train("synthetic:16", epochs=1, batch_size=8, output="runs/small", **small)
    print(run.best_pckh, run.history["val_loss"])
    model = run.model
    ```
    """
    if output is None and processes is not None and processes > 1:
        raise ValueError(
            "`output` must be given where several processes train. "
            "Received: output=None"
        )
    output = Path(output or f"runs/{datetime.now():%Y-%m-%d-%H%M%S}").expanduser()
    options |= {"dataset": dataset, "recipe": recipe, "root": root, "task": task}
    with (
        distribution.distribute(devices, coordinator, processes, process) as chosen,
        run_dir.locked(output, chosen),
    ):
        train_config = _configure(output, restart, config.given_options(options))
        trainer = Trainer(
            train_config,
            output,
            *(checkpoint_minutes, chosen, verbose),
            config.given_people(dataset),
            restart,
        )
        trainer.train()
    return Run(output)


def _configure(output, restart, options):
    """Makes the configuration of a new run, or of one that goes on."""
    anew = restart and {"dataset", "recipe"} & options.keys()
    if anew or not (output / config_file.CONFIG_FILE).is_file():
        made = config.create_config(**options)
    else:
        stored = config_file.read_config(output)
        made = changes.change_config(stored, restart=restart, **options)
    return changes.with_absolute_paths(made)


def _to_number(text):
    """Reads a number of a CSV file; NaN for a cell without one."""
    try:
        return float(text)
    except (TypeError, ValueError):
        return float("nan")
