"""Model card of a preset: a README.md with the header that Hugging Face reads.

https://huggingface.co/docs/hub/model-cards
"""

import json

from keras_hourglass.models.flops import count_parameters
from keras_hourglass.models.presets.facts import TrainingFacts
from keras_hourglass.models.presets.hub import ADDRESS

TAGS = ("pose-estimation", "keypoint-detection", "stacked-hourglass", "keras-hourglass")
TASK = "keypoint-detection"
MEANS = ("all", "arms and legs")  # scores that the header names, as well

USE = """\
```python
import keras_hourglass as kh

for pose in kh.PoseEstimator("{address}")("photo.jpg"):
    print(pose.to_dict())
```

```bash
hourglass-keras predict photo.jpg --model {address}
```

This needs keras-hourglass with its extra `hub`. A path of this folder does as well as
the address."""


def create_card(model, name: str, facts: TrainingFacts | None, version: str) -> str:
    """Writes the model card of a network.

    Args:
        model: A `StackedHourglass`.
        name: What the card is headed with.
        facts: Those of its training, if they are known.
        version: Of the library.
    """
    facts = facts or TrainingFacts()
    measure = model.skeleton.measure
    parts = [
        _header(name, facts, measure),
        f"# {name}",
        _describe_network(model),
        "## Usage",
        USE.format(address=ADDRESS),
        "## Training",
        _describe_training(facts),
    ]
    if facts.scores:
        people = f"{measure.title} in percent, on people that were not trained on."
        rows = [(s.people, s.joints, f"{s.percent:.1f}") for s in facts.scores]
        table = _table(("people", "joints", measure.title), rows)
        parts += ["## Evaluation", people, table]
    parts.append(f"Written by keras-hourglass {version}.")
    return "\n\n".join(parts) + "\n"


def _header(name, facts, measure) -> str:
    """Writes the header. Strings of JSON are strings of YAML, whatever is in them."""
    lines = [] if facts.license is None else [f"license: {json.dumps(facts.license)}"]
    lines += ["library_name: keras", f"pipeline_tag: {TASK}"]
    lines += ["tags:", *(f"- {tag}" for tag in TAGS)]
    if means := [score for score in facts.scores if score.joints in MEANS]:
        results = [
            {
                "task": {"type": TASK},
                "dataset": {"name": score.people, "type": "other"},
                "metrics": [
                    {
                        "type": measure.name.lower(),
                        "name": measure.title,
                        "value": score.percent,
                    }
                ],
            }
            for score in means
        ]
        lines += ["metrics:", f"- {measure.name.lower()}"]
        index = [{"name": name, "results": results}]
        lines.append(f"model-index: {json.dumps(index)}")
    return "\n".join(["---", *lines, "---"])


def _describe_network(model):
    height, width = model.image_size
    stacks = "1 stack" if model.stacks == 1 else f"{model.stacks} stacks"
    block = model.get_config().get("network", model.get_config())["block"]
    joints = model.skeleton.joints
    return (
        f"A stacked hourglass network for pose estimation: {stacks} of the block "
        f"`{block}`, {model.filters} channels, {count_parameters(model):,} parameters. "
        f"It takes crops of {width} x {height} pixels around one person, RGB from 0 to "
        f"255, and predicts {len(joints)} joints: {', '.join(joints)}."
    )


def _describe_training(facts):
    rows = [(name.replace("_", " "), value) for name, value in facts.settings.items()]
    rows = [("dataset", name) for name in facts.datasets] + rows
    if facts.people:
        rows.insert(len(facts.datasets), ("people", f"{facts.people:,}"))
    texts = [_table(("setting", "value"), rows)] if rows else []
    if facts.note:
        texts.append(facts.note)
    unknown = "How these weights were trained is not recorded here."
    return "\n\n".join(texts or [unknown])


def _table(columns, rows) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    cells = ([str(cell).replace("|", "\\|") for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)
