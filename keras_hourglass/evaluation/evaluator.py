"""What a network is worth: its scores on people, and the time that it takes.

What `hourglass-keras evaluate` knows of a network that has looked at people.
"""

import time
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from keras_hourglass.data.batches import make_loader, validation_batches
from keras_hourglass.data.people import People
from keras_hourglass.data.preprocessing import Preprocessor
from keras_hourglass.evaluation import bootstrap, oks, predictions
from keras_hourglass.evaluation.breakdowns import (
    describe_details,
    hardest_people,
    pck_torso,
)
from keras_hourglass.evaluation.predictions import Predictions, to_image_points
from keras_hourglass.evaluation.report import write_report
from keras_hourglass.evaluation.report.images import hardest_images
from keras_hourglass.evaluation.scoring import THRESHOLDS, score
from keras_hourglass.heatmaps.decode import DEFAULT_DECODER
from keras_hourglass.inference.keypoints import predict_keypoints
from keras_hourglass.models.stacked_hourglass import StackedHourglass

WARM_UP, ROUNDS = 3, 20
TIMED = 64  # people, of whom the loader, the network and the decoder are timed


def predict_with_loader(
    model: StackedHourglass,
    people: People,
    flip: bool = False,
    batch_size: int = 8,
    broken: str = "error",
    decoder: str = DEFAULT_DECODER,
) -> tuple[Predictions, list[str]]:
    """What a network finds on people, and which pictures could not be read, and why.

    Args:
        model: The network.
        people: With the network's skeleton.
        flip: Looks at everybody mirrored, too.
        batch_size: People that the network sees at once.
        broken: Of pictures: "error" or "skip".
        decoder: A key of `heatmaps.DECODERS`.
    """
    loader = make_loader(make_preprocessor(model, people), broken)
    batches = validation_batches(loader, batch_size)
    return predictions.predict_people(model, batches, flip, decoder), [
        *loader.failures.values()
    ]


def evaluate_people(model: StackedHourglass, people: People, **options) -> dict:
    """What `evaluation.score` says of a network's joints on people.

    Args:
        model: The network.
        people: With the network's skeleton.
        options: Of `look`.

    Returns:
        That report, with "offset", the mean signed error (x, y) in heatmap pixels;
        and "unread", where there are any: what could not be read, and why.
    """
    found, unread = predict_with_loader(model, people, **options)
    report = {**score(found.errors, model.skeleton), "offset": found.offset}
    return {**report, "unread": unread} if unread else report


def make_preprocessor(model: StackedHourglass, people: People) -> Preprocessor:
    """What shows people to a network as they are."""
    return Preprocessor(people, model.image_size[::-1], model.heatmap_size)


def profile(
    model: StackedHourglass,
    people: People,
    flip: bool = False,
    batch_size: int = 8,
    broken: str = "error",
    decoder: str = DEFAULT_DECODER,
) -> dict[str, float]:
    """Milliseconds per person of "loader", "network" and "decoder", one after another.

    Of at most `TIMED` people, in whole batches, after one to warm up. The decoder's is
    what finding joints takes beyond the network, with which it is compiled as one. In
    training and judging the loader works beside the network instead.

    Args:
        model: The network.
        people: With the network's skeleton.
        flip: Looks at everybody mirrored, too.
        batch_size: People that the network sees at once; fewer, to a power of two.
        broken: Of pictures: "error" or "skip".
        decoder: A key of `heatmaps.DECODERS`.
    """
    loader = make_loader(make_preprocessor(model, people), broken)
    batch_size = 1 << (min(batch_size, len(people)).bit_length() - 1)
    turns = max(1, min(len(people), TIMED) // batch_size)
    taken = np.zeros(3)
    for turn in range(turns + 1):
        first = max(0, turn - 1) * batch_size  # the first batch twice
        marks = [time.perf_counter()]
        images, _ = loader.load_batch([(0, first + i) for i in range(batch_size)])
        seen = np.concatenate([images, images[:, :, ::-1]]) if flip else images
        marks.append(time.perf_counter())
        model.predict_on_batch(seen)
        marks.append(time.perf_counter())
        predict_keypoints(model, images, flip, decoder)
        marks.append(time.perf_counter())
        if turn:
            taken += np.diff(marks)
    loading, network, whole = (1000 * taken / (turns * batch_size)).tolist()
    beyond = max(0.0, whole - network)
    return {"loader": loading, "network": network, "decoder": beyond}


def network_milliseconds(model: StackedHourglass) -> float:
    """Of the network alone, for one image: the median of some rounds."""
    image = np.zeros((1, *model.image_size, 3), "uint8")
    taken = []
    for _ in range(WARM_UP + ROUNDS):
        started = time.perf_counter()
        model.predict_on_batch(image)
        taken.append(time.perf_counter() - started)
    return 1000 * float(np.median(taken[WARM_UP:]))


@dataclass(frozen=True)
class ModelEvaluation:
    """A network, whom it has looked at, and what it found.

    Attributes:
        name: As the user named it.
        model: The network.
        people: With its skeleton.
        found: On them.
        unread: Which pictures could not be read, and why.
    """

    name: str
    model: StackedHourglass
    people: People
    found: Predictions
    unread: list[str]

    @cached_property
    def drawn(self):
        """Of these people, for bootstraps."""
        return bootstrap.resample_indices(len(self.people))

    @cached_property
    def joints(self):
        """`(people, joints, 2)`, picture pixels: where the network found them."""
        sizes = self.model.image_size[::-1], self.model.heatmap_size
        return to_image_points(self.found.points, self.people, *sizes)

    @cached_property
    def scores(self) -> dict:
        """What is printed, and the report says, too."""
        errors, people = self.found.errors, self.people
        made = score(errors, people.skeleton, self.drawn)
        made["offset"] = self.found.offset
        made["torso"] = pck_torso(errors, people, self.drawn)
        if np.isfinite(people.areas).any():
            made |= self._oks()
        return made | ({"unread": self.unread} if self.unread else {})

    def details(self, options) -> dict:
        """All that the report says."""
        return {
            **self.scores,
            **describe_details(self.found, self.people, self.drawn),
            "milliseconds": profile(self.model, self.people, **options),
            "worst": [str(name) for name in self.people.names[self._worst]],
        }

    def worst(self):
        """(caption, JPEG) of those whom it finds worst."""
        errors, aspect = self.found.errors, self.model.heatmap_size
        return [*hardest_images(self.joints, errors, self.people, self._worst, aspect)]

    @cached_property
    def _worst(self):
        return hardest_people(self.found.errors)

    def _oks(self):
        try:
            found = self.joints, self.found.scores
            return {"oks": oks.average_precision(self.people, *found)}
        except ImportError as error:
            return {"left_out": str(error)}


def compare_models(looks: list[ModelEvaluation], note):
    """(first, second, differences) of the first network and each of the others.

    Args:
        looks: In the order that the user named them.
        note: Is told why two cannot be compared.
    """
    for look in looks[1:]:
        first = looks[0]
        if [*first.people.names] != [*look.people.names]:
            note(f"{look.name} is not compared with {first.name}: other people")
            continue
        both = ((one.found.errors, one.people.skeleton) for one in (first, look))
        differences = bootstrap.compare(*both, THRESHOLDS, first.drawn)
        yield first.name, look.name, differences


def write_model_report(folder, about, looks: list[ModelEvaluation], pairs, options):
    """Writes the report; gives the page's path."""
    made = {look.name: look.details(options) for look in looks}
    return write_report(
        folder, about, made, pairs, {look.name: look.worst() for look in looks}
    )
