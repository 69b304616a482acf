"""What `hourglass-keras evaluate` knows of a network that has looked at people."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from keras_hourglass import report
from keras_hourglass.data.people import People
from keras_hourglass.evaluation import THRESHOLDS, bootstrap, oks, score
from keras_hourglass.evaluation.details import details
from keras_hourglass.evaluation.looking import Found, on_pictures
from keras_hourglass.evaluation.torso import by_torso
from keras_hourglass.evaluation.worst import worst
from keras_hourglass.model import StackedHourglass
from keras_hourglass.report import pictures
from keras_hourglass.training import judging


@dataclass(frozen=True)
class Judged:
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
    found: Found
    unread: list[str]

    @cached_property
    def drawn(self):
        """Of these people, for bootstraps."""
        return bootstrap.draws(len(self.people))

    @cached_property
    def joints(self):
        """`(people, joints, 2)`, picture pixels: where the network found them."""
        sizes = self.model.image_size[::-1], self.model.heatmap_size
        return on_pictures(self.found.points, self.people, *sizes)

    @cached_property
    def scores(self) -> dict:
        """What is printed, and the report says, too."""
        errors, people = self.found.errors, self.people
        made = score(errors, people.skeleton, self.drawn)
        made["offset"] = self.found.offset
        made["torso"] = by_torso(errors, people, self.drawn)
        if np.isfinite(people.areas).any():
            made |= self._oks()
        return made | ({"unread": self.unread} if self.unread else {})

    def details(self, options) -> dict:
        """All that the report says."""
        return {
            **self.scores,
            **details(self.found, self.people, self.drawn),
            "milliseconds": judging.parts(self.model, self.people, **options),
            "worst": [str(name) for name in self.people.names[self._worst]],
        }

    def worst(self):
        """(caption, JPEG) of those whom it finds worst."""
        errors, aspect = self.found.errors, self.model.heatmap_size
        return [*pictures.pairs(self.joints, errors, self.people, self._worst, aspect)]

    @cached_property
    def _worst(self):
        return worst(self.found.errors)

    def _oks(self):
        try:
            found = self.joints, self.found.scores
            return {"oks": oks.average_precision(self.people, *found)}
        except ImportError as error:
            return {"left_out": str(error)}


def compared(looks: list[Judged], note):
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


def write(folder, about, looks: list[Judged], pairs, options):
    """Writes the report; gives the page's path."""
    made = {look.name: look.details(options) for look in looks}
    return report.write(
        folder, about, made, pairs, {look.name: look.worst() for look in looks}
    )
