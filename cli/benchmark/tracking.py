"""`hourglass-keras benchmark tracking`: identity switches in walking scenes."""

import json
import time

import click

from keras_hourglass.inference.tracking.follower import DETECT_EVERY
from keras_hourglass_cli.options.datasets import json_option
from keras_hourglass_cli.terminal.console import print_table, silence_keras

MIN_VISIBLE = 0.5  # share of a person: others may be found, or not


@click.command()
@click.option("--scenes", type=click.IntRange(1), default=3, show_default=True)
@click.option(
    "--people",
    type=click.IntRange(1),
    default=3,
    show_default=True,
    help="People in each scene.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(0.1),
    default=8.0,
    show_default=True,
    help="Length of each scene.",
)
@click.option("--fps", type=click.FloatRange(1), default=12.0, show_default=True)
@click.option(
    "--detect-every",
    type=click.IntRange(1),
    default=DETECT_EVERY,
    show_default=True,
    help="Frames from one pass of the detector to the next.",
)
@json_option
def command(scenes, people, seconds, fps, detect_every, as_json):
    """Identity switches in drawn videos of people who walk past each other.

    People are counted where at least half of them is visible. A person who is away for
    over a second may have a new number.
    """
    silence_keras()
    from keras_hourglass.data.datasets.synthetic.walking import WalkingScene
    from keras_hourglass.inference.estimator import PoseEstimator

    estimator, rows = PoseEstimator(), []
    for seed in range(scenes):
        scene = WalkingScene(seed, people)
        rows.append(
            {"scene": seed, **measure(estimator, scene, seconds, fps, detect_every)}
        )
    if as_json:
        print(json.dumps(rows))
        return
    total = {"scene": "all"} | {
        name: round(sum(row[name] for row in rows), 1) for name in [*rows[0]][1:]
    }
    print_table([*total], [[str(row[name]) for name in row] for row in [*rows, total]])


def measure(estimator, scene, seconds, fps, detect_every) -> dict:
    """Tracks people in one scene, and counts."""
    from keras_hourglass.inference.tracking.follower import PeopleFollower
    from keras_hourglass.inference.tracking.switches import SwitchCounter

    follow, counter = PeopleFollower(estimator, detect_every), SwitchCounter()
    spent = 0.0
    for frame in range(round(seconds * fps)):
        pixels, walkers = scene.frame(frame / fps)
        start = time.perf_counter()
        poses = follow(pixels, frame / fps)
        spent += time.perf_counter() - start
        seen = {w.number: w.box for w in walkers if w.visible >= MIN_VISIBLE}
        counter.add(seen, poses, frame / fps)
    counts = {name: getattr(counter, name) for name in ("people", "found", "switches")}
    return {"frames": round(seconds * fps), **counts, "seconds": round(spent, 1)}
