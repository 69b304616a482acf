"""Model card of a preset: a README.md with the header that Hugging Face reads.

https://huggingface.co/docs/hub/model-cards
"""

import json
from typing import NamedTuple

from keras_hourglass.models.blocks import name_of as block_name
from keras_hourglass.models.flops import count_parameters
from keras_hourglass.models.presets.facts import TrainingFacts
from keras_hourglass.models.presets.hub import ADDRESS

LIBRARY_TAGS = ("stacked-hourglass", "keras-hourglass")
MEANS = ("all", "arms and legs")  # scores of joints that the header names, as well


class CardText(NamedTuple):
    """Words of a card that depend on the task of the network.

    Attributes:
        pipeline: The task, as Hugging Face spells it.
        tags: Those besides the library's.
        python, command: Examples of its use; `{address}` stands for the preset.
        samples: Those that it is trained on.
        purpose: The purpose of the network.
        scored: Those that scores are measured on.
        parts: Heading of the column with the joints or people of a score.
    """

    pipeline: str
    tags: tuple[str, ...]
    python: str
    command: str
    samples: str
    purpose: str
    scored: str
    parts: str


TEXTS = {
    "pose": CardText(
        pipeline="keypoint-detection",
        tags=("pose-estimation", "keypoint-detection"),
        python='for pose in kh.PoseEstimator("{address}")("photo.jpg"):\n'
        "    print(pose.to_dict())",
        command="hourglass-keras predict photo.jpg --model {address}",
        samples="people",
        purpose="pose estimation",
        scored="people that were not trained on",
        parts="joints",
    ),
    "detect": CardText(
        pipeline="object-detection",
        tags=("object-detection", "person-detection"),
        python='boxes, scores = kh.load_detector("{address}")("photo.jpg")',
        command="hourglass-keras predict photo.jpg --detector {address}",
        samples="photographs",
        purpose="finding the people in a photograph",
        scored="photographs that were not trained on",
        parts="people counted",
    ),
}
USE = """\
```python
import keras_hourglass as kh

{python}
```

```bash
{command}
```

This needs keras-hourglass with its extra `hub`. A path of this folder does as well as
the address."""


def create_card(model, name: str, facts: TrainingFacts | None, version: str) -> str:
    """Writes the model card of a network.

    Args:
        model: A `StackedHourglass` or a `PersonDetector`.
        name: Heading of the card.
        facts: Those of its training, if they are known.
        version: Of the library.
    """
    facts, text = facts or TrainingFacts(), TEXTS[model.task]
    scores = [(score, *_measure(model, score)) for score in facts.scores]
    use = USE.format(python=text.python, command=text.command)
    parts = [
        _header(name, facts, text, scores),
        f"# {name}",
        _describe_network(model, text),
        "## Usage",
        use.replace("{address}", ADDRESS),
        "## Training",
        _describe_training(facts, text),
    ]
    if scores:
        rows = [
            (s.people, s.joints, title, f"{s.percent:.1f}") for s, _, title in scores
        ]
        table = _table(("data", text.parts, "measure", "percent"), rows)
        parts += ["## Evaluation", f"On {text.scored}.", table]
    parts.append(f"Written by keras-hourglass {version}.")
    return "\n\n".join(parts) + "\n"


def _measure(model, score) -> tuple[str, str]:
    """Returns the name of a score's measure, and its title with the threshold."""
    if score.measure is not None:
        return score.measure, score.measure
    measure = model.skeleton.measure
    return measure.name, measure.title


def _header(name, facts, text, scores) -> str:
    """Writes the header. Strings of JSON are strings of YAML, whatever is in them."""
    lines = [] if facts.license is None else [f"license: {json.dumps(facts.license)}"]
    lines += ["library_name: keras", f"pipeline_tag: {text.pipeline}"]
    lines += ["tags:", *(f"- {tag}" for tag in (*text.tags, *LIBRARY_TAGS))]
    means = [each for each in scores if _is_mean(each[0])]
    if means:
        results = [
            {
                "task": {"type": text.pipeline},
                "dataset": {"name": score.people, "type": "other"},
                "metrics": [
                    {"type": kind.lower(), "name": title, "value": score.percent}
                ],
            }
            for score, kind, title in means
        ]
        kinds = dict.fromkeys(kind.lower() for _, kind, _ in means)
        lines += ["metrics:", *(f"- {kind}" for kind in kinds)]
        index = [{"name": name, "results": results}]
        lines.append(f"model-index: {json.dumps(index)}")
    return "\n".join(["---", *lines, "---"])


def _is_mean(score) -> bool:
    """Returns whether the header names a score: a mean, or an average precision."""
    if score.measure is not None:
        return score.measure.startswith("AP")
    return score.joints in MEANS


def _describe_network(model, text):
    height, width = model.image_size
    stacks = "1 stack" if model.stacks == 1 else f"{model.stacks} stacks"
    network = (
        f"A stacked hourglass network for {text.purpose}: {stacks} of the block "
        f"`{block_name(model.block)}`, {_channels(model)} channels, "
        f"{count_parameters(model):,} parameters."
    )
    if model.task == "detect":
        return (
            f"{network} It takes photographs that are scaled to fit into {width} x "
            f"{height} pixels, RGB from 0 to 255, and predicts the boxes of all "
            "people, with scores."
        )
    joints = model.skeleton.joints
    return (
        f"{network} It takes crops of {width} x {height} pixels around one person, RGB "
        f"from 0 to 255, and predicts {len(joints)} joints: {', '.join(joints)}."
    )


def _channels(model):
    if not isinstance(model.filters, tuple):
        return model.filters
    largest, *smaller = model.filters
    return f"{largest} (at smaller sizes {', '.join(map(str, smaller))})"


def _describe_training(facts, text):
    rows = [(name.replace("_", " "), value) for name, value in facts.settings.items()]
    rows = [("dataset", name) for name in facts.datasets] + rows
    if facts.people:
        rows.insert(len(facts.datasets), (text.samples, f"{facts.people:,}"))
    texts = [_table(("setting", "value"), rows)] if rows else []
    if facts.note:
        texts.append(facts.note)
    unknown = "How these weights were trained is not recorded here."
    return "\n\n".join(texts or [unknown])


def _table(columns, rows) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    cells = ([str(cell).replace("|", "\\|") for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)
