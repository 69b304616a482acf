"""The paper's experiment: networks that are trained alike, and the table of them.

Elhagry, Saeed, Araia. Lighter Stacked Hourglass Human Pose Estimation, Table 1.
https://arxiv.org/abs/2107.13643
"""

import csv
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import keras

from keras_hourglass import data, presets
from keras_hourglass.choices import hint
from keras_hourglass.data.mixture import mix
from keras_hourglass.interrupted import Interrupted
from keras_hourglass.layers.cost import multiply_adds, parameters
from keras_hourglass.predict import load
from keras_hourglass.replacing import replacing
from keras_hourglass.training import judging
from keras_hourglass.training.compare import plot, table
from keras_hourglass.training.folder import BEST, HISTORY, progress_of
from keras_hourglass.training.plan import Plan
from keras_hourglass.training.run import Run

ROW = "row.json"


def chosen(names) -> list[str]:
    """Presets by their names, or by what stands before a slash in them: a family.

    Raises:
        ValueError: If there is none; with a guess at what was meant.
    """
    families = {name.split("/")[0] for name in presets.PRESETS if "/" in name}
    found = []
    for name in names:
        if name not in presets.PRESETS and name not in families:
            choices = [*families, *presets.PRESETS]
            raise ValueError(
                "`presets` must be names or families of presets. "
                f"{hint(name, choices)} Received: {name!r}"
            )
        found += [p for p in presets.PRESETS if name in (p, p.split("/")[0])]
    return [*dict.fromkeys(found)]


@dataclass(frozen=True)
class Comparison:
    """Presets trained under one plan, row by row; a row that is finished stays.

    Attributes:
        names: Of the presets.
        plan: How and on whom; what its recipe says of the network holds for all rows.
        folder: For a folder of each row's run, and for `table.md`, `table.csv` and,
            where matplotlib is installed, `table.png`.
    """

    names: list[str]
    plan: Plan
    folder: Path

    def run(self, say=print) -> list[dict]:
        """Trains what is not trained yet. What comes back is what the table shows.

        Raises:
            ValueError: If the folder holds rows of another plan.
            DatasetError: If a dataset cannot be loaded.
            Interrupted: On Ctrl-C; the next run goes on with that row.
        """
        plans = {name: self._plan(name) for name in self.names}
        # Before the first of them takes its hours, or its network half a minute.
        for name, plan in plans.items():
            progress_of(plan, self._folder(name))
        if not all((self._folder(name) / ROW).is_file() for name in plans):
            for source in self.plan.sources:
                data.load(source.name, source.root, self.plan.missing)
        rows = []
        for name, plan in plans.items():
            say(f"\n{name}: {len(rows) + 1} of {len(plans)}")
            try:
                rows.append(self._row(name, plan, say))
            except Interrupted:
                raise Interrupted(
                    f"Stopped; {len(rows)} of {len(plans)} rows are finished, {name} "
                    "is kept as far as it came. To go on: the same command again"
                ) from None
            table.write(self.folder, rows, self.plan)
        if not plot.write(self.folder, rows):
            say("No plot: that takes matplotlib (`pip install keras-hourglass[plot]`).")
        return rows

    def _plan(self, name):
        recipe = self.plan.recipe
        network = {**presets.get(name).network, **recipe.network}
        return replace(self.plan, recipe=replace(recipe, network=network))

    def _folder(self, name):
        return self.folder / name.replace("/", "-")

    def _row(self, name, plan, say) -> dict:
        kept = self._folder(name) / ROW
        if kept.is_file():
            return json.loads(kept.read_text(encoding="utf-8"))
        Run(plan, kept.parent, say).train()
        keras.backend.clear_session()  # ten networks' graphs would fill the memory
        row = {**asdict(presets.get(name)), "name": name, **_judged(kept.parent, plan)}
        with replacing(kept) as path:
            path.write_text(json.dumps(row, indent=2) + "\n", encoding="utf-8")
        return row


def _judged(folder: Path, plan: Plan) -> dict:
    """What the table says of a finished run."""
    model = load(folder / BEST)
    mixture = mix(plan.sources, model.skeleton, plan.missing)
    people = next(iter(mixture.validation.values()))
    report = judging.scores(model, people, broken=plan.broken)["thresholds"]["0.5"]
    with open(folder / HISTORY, newline="") as file:
        seconds = sum(float(row["seconds"]) for row in csv.DictReader(file))
    return {
        "columns": report["columns"],
        "means": report["means"],
        "people": len(people),
        "parameters": parameters(model),
        "multiply_adds": multiply_adds(model),
        "training_seconds": seconds,
        "milliseconds": judging.milliseconds(model),
    }
