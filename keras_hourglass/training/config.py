"""Configuration of a training run, from the options of `train`."""

import hashlib
import logging
import os
from dataclasses import dataclass, replace

from keras_hourglass import skeletons
from keras_hourglass.data.datasets import with_options
from keras_hourglass.data.datasets.spec import READ_OPTIONS, DatasetSpec
from keras_hourglass.data.detection import Photographs
from keras_hourglass.data.people import People
from keras_hourglass.models.config import DEFAULTS_OF, OF_WEIGHTS
from keras_hourglass.training import recipes
from keras_hourglass.training.recipes import Recipe
from keras_hourglass.utils import suggest

logger = logging.getLogger(__name__)

PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")
CHECKPOINT_MINUTES = 5.0
DATASET = "dataset"  # in place of a skeleton: that of the first dataset
# Stand for an object in place of a dataset's name.
GIVEN_NAMES = {People: "people", Photographs: "photographs"}
GIVEN_OF = {"pose": People, "detect": Photographs}  # for which task
TRUNK_OPTIONS = ("block", "blocks", "filters", "stem_filters", "depth")
RECIPE_OPTIONS = ("epochs", "batch_size", "learning_rate", "distill_weight")
RECIPE_OPTIONS += ("augmentation",)
RUN_OPTIONS = ("seed", "missing", "broken", "precision")
RUN_OPTIONS += ("init_weights", "freeze", "teacher")


@dataclass(frozen=True)
class TrainConfig:
    """Configuration of a training run.

    Attributes:
        recipe: The recipe, with the options that were given in place of its own.
        datasets: Datasets to train on.
        seed: Seed of the initial weights, the order of samples and their augmentation.
        missing, broken: "error" or "skip", for images without a file, and for those
            that cannot be decoded.
        precision: Dtype policy of the network, one of `PRECISIONS`. Weights, loss and
            decoding stay in float32.
        init_weights: A `.keras` file or a preset with the initial weights; where they
            do not fit, weights are initialized at random.
        freeze: Layers that are not trained; see `fine_tuning.freeze_layers`.
        teacher: A `.keras` file or a preset for distillation, weighted by the recipe's
            `distill_weight`.

    Raises:
        ValueError: If the precision is unknown, or there is a teacher without a weight
            or a weight without a teacher.
    """

    recipe: Recipe
    datasets: tuple[DatasetSpec, ...] = (DatasetSpec("synthetic"),)
    seed: int = 0
    missing: str = "error"
    broken: str = "error"
    precision: str = "float32"
    init_weights: str | None = None
    freeze: tuple[str, ...] = ()
    teacher: str | None = None

    def __post_init__(self):
        for name in ("missing", "broken"):
            if (value := getattr(self, name)) not in ("error", "skip"):
                raise ValueError(
                    f"`{name}` must be 'error' or 'skip'. Received: {name}={value!r}"
                )
        if self.precision not in PRECISIONS:
            raise ValueError(
                f"`precision` must be a policy. {suggest(self.precision, PRECISIONS)} "
                f"Received: precision={self.precision!r}"
            )
        weight = self.recipe.distill_weight
        if self.task != "pose" and self.teacher is not None:
            raise ValueError(
                "`teacher` must be None but for the task 'pose'. "
                f"Received: teacher={self.teacher!r}, task={self.task!r}"
            )
        if (self.teacher is None) != (weight == 0):
            raise ValueError(
                "`teacher` must be given where the recipe's `distill_weight` is above "
                f"0, and only there. Received: teacher={self.teacher!r}, "
                f"distill_weight={weight}"
            )

    @property
    def task(self) -> str:
        """The purpose of the network: "pose" or "detect"."""
        return self.recipe.task


def create_config(
    dataset=None, recipe=None, root=None, task=None, **options
) -> TrainConfig:
    """Creates a configuration from the options of `train` that were given.

    An option outweighs the network of `init_weights`, which outweighs that of the
    recipe, which outweighs the defaults.

    Args:
        dataset, recipe, root, task: See `train`.
        options: Any of its options on the network, the recipe and the run; None and
            empty ones count as not given.

    Raises:
        ValueError: If an option is unknown, or its value is not possible.
    """
    options = given_options(options)
    datasets = parse_datasets(dataset, root)
    base = _choose_recipe(recipe, task, bool(datasets), "teacher" in options)
    _require_kind(datasets, base.task)
    defaults = DEFAULTS_OF[base.task].keys() - OF_WEIGHTS
    known = {*defaults, *RECIPE_OPTIONS, *RUN_OPTIONS, *READ_OPTIONS}
    where = "" if base.task == "pose" else f" for the task {base.task!r}"
    if unknown := sorted({*options} - known):
        raise ValueError(
            f"`train` has no option {unknown[0]!r}{where}. "
            f"{suggest(unknown[0], known)} "
            f"Received: {unknown[0]}={options[unknown[0]]!r}"
        )
    reading = {k: v for k, v in options.items() if k in READ_OPTIONS}
    datasets = tuple(with_options(datasets, reading))
    if not datasets:
        logger.info("No dataset given: training on synthetic people, as a demo.")
    network = {**base.network}
    if "init_weights" in options:
        network.update(_network_of(options["init_weights"], base.task))
        network.pop("skeleton", None)  # chosen when the datasets are known
    network.update({k: v for k, v in options.items() if k in defaults})
    if isinstance(network.get("block"), type):
        from keras_hourglass.models.blocks import name_of  # imports Keras

        network["block"] = name_of(network["block"])
    if network.get("skeleton", DATASET) != DATASET:
        network["skeleton"] = skeletons.to_json(skeletons.get(network["skeleton"]))
    changes = {k: v for k, v in options.items() if k in RECIPE_OPTIONS}
    if name := changes.get("augmentation"):
        changes["augmentation"] = recipes.get_augmentation(name, base.task)
    chosen = replace(base, network=network, **changes)
    if chosen.network and not datasets:
        logger.info("The recipe sets %s.", chosen.network)
    if "freeze" in options:
        freeze = options["freeze"]
        options["freeze"] = (freeze,) if isinstance(freeze, str) else tuple(freeze)
    for name in {"init_weights", "teacher"} & options.keys():
        options[name] = str(options[name])
    return TrainConfig(
        recipe=chosen,
        datasets=datasets or TrainConfig.datasets,
        **{k: v for k, v in options.items() if k in RUN_OPTIONS},
    )


def given_options(options: dict) -> dict:
    """Leaves out the options that were not given: None, and empty lists."""
    return {
        name: value
        for name, value in options.items()
        if value is not None and value != () and value != []
    }


def _choose_recipe(recipe, task, with_dataset: bool, with_teacher: bool) -> Recipe:
    """Returns the recipe that is asked for, or else that of the task."""
    if task is not None and task not in DEFAULTS_OF:
        raise ValueError(
            f"`task` must be a task. {suggest(task, DEFAULTS_OF)} "
            f"Received: task={task!r}"
        )
    if recipe is None:
        default, demo = recipes.DEFAULT_RECIPES[task or "pose"]
        recipe = default if with_dataset else demo
        if with_teacher and task in (None, "pose"):
            recipe = recipes.DISTILL_RECIPE
    chosen = recipe if isinstance(recipe, Recipe) else recipes.get_recipe(recipe)
    if task not in (None, chosen.task):
        raise ValueError(
            f"`recipe` must be one for the task {task!r}. "
            f"Received: recipe={recipe!r}, which is for {chosen.task!r}"
        )
    return chosen


def _require_kind(datasets, task: str):
    """Raises a ValueError for an object in place of a dataset of another task."""
    own = GIVEN_OF[task]
    for kind, name in GIVEN_NAMES.items():
        if kind is not own and name in [spec.name for spec in datasets]:
            raise ValueError(
                f"`dataset` must be `{own.__name__}` for the task {task!r}. "
                f"Received: `{kind.__name__}`"
            )


def _network_of(model, task: str) -> dict:
    """Arguments of the network whose weights a run begins with.

    Of a network for another task, those that the trunk's layers need to fit.
    """
    from keras_hourglass.models import loading  # imports Keras
    from keras_hourglass.training.fine_tuning import network_config

    source = loading.load_argument(model, "init_weights", *loading.CLASS_NAMES)
    network = network_config(source)
    if source.task != task:
        network = {name: network[name] for name in TRUNK_OPTIONS}
    return network


def parse_datasets(dataset, root=None) -> tuple[DatasetSpec, ...]:
    """Parses the `dataset` and `root` of `train`.

    Args:
        dataset: `"NAME[:DIR][*SHARE]"`, a `DatasetSpec`, a `People`, `Photographs`, a
            sequence of these, or None.
        root: Folder of the only dataset.

    Raises:
        ValueError: If there is a root without exactly one dataset.
    """
    if dataset is None:
        dataset = ()
    elif isinstance(dataset, (str, DatasetSpec, *GIVEN_NAMES)):
        dataset = (dataset,)
    if root is not None and len(dataset) != 1:
        raise ValueError(
            "`root` must be given with exactly one `dataset`. "
            f"Received: root={str(root)!r}, dataset={dataset!r}"
        )
    specs = []
    for each in dataset:
        if type(each) in GIVEN_NAMES:
            each = DatasetSpec(GIVEN_NAMES[type(each)], fingerprint(each))
        specs.append(DatasetSpec.parse(each) if isinstance(each, str) else each)
    return tuple(specs) if root is None else (specs[0]._replace(root=str(root)),)


def given_people(dataset) -> dict[tuple, People | Photographs]:
    """Name and root -> object, of those that the `dataset` of `train` holds."""
    listed = dataset if isinstance(dataset, (list, tuple)) else (dataset,)
    given = [each for each in listed if type(each) in GIVEN_NAMES]
    return {(GIVEN_NAMES[type(each)], fingerprint(each)): each for each in given}


def require_given(datasets, people: dict[tuple, People | Photographs]):
    """Returns datasets, if all objects are there that they name.

    Raises:
        ValueError: If one is missing, as in going on with its run without it.
    """
    for spec in datasets:
        if spec.name in GIVEN_NAMES.values() and spec[:2] not in people:
            kind = next(k.__name__ for k, n in GIVEN_NAMES.items() if n == spec.name)
            raise ValueError(
                f"`dataset` must be the `{kind}` that the run was begun with: they are "
                "in no file"
            )
    return datasets


def fingerprint(people: People | Photographs) -> str:
    """Returns a short hash of people: of their names, images, splits and labels."""
    joints = people.skeleton.joints if isinstance(people, People) else ()
    digest = hashlib.sha256(repr(joints).encode())
    for column in (people.names, people.images, people.splits):
        digest.update("\n".join(map(str, column)).encode())
    for labels in _label_bytes(people):
        digest.update(labels)
    return digest.hexdigest()[:16]


def describe_people(people: People | Photographs) -> dict:
    """Returns the number of people and a hash that stays if their folder moves."""
    images = "\n".join(os.path.basename(str(image)) for image in people.images)
    digest = hashlib.sha256(images.encode())
    for labels in _label_bytes(people):
        digest.update(labels)
    return {"count": len(people), "fingerprint": digest.hexdigest()[:16]}


def _label_bytes(people):
    """Yields the labels of people, or of the photographs one after another."""
    if isinstance(people, People):
        for column in (people.joints, people.weights, people.centers, people.sides):
            yield column.tobytes()
        return
    for boxes, is_crowd in zip(people.boxes, people.is_crowd):
        yield b"%d" % len(boxes) + boxes.tobytes() + is_crowd.tobytes()
