"""JSON, a line for each picture or frame, as soon as it was looked at."""

import json
from contextlib import contextmanager


@contextmanager
def writing(file, skeleton, frames):
    """See `formats.FORMATS`."""

    def write(seen, drawn=None):
        print(json.dumps(entry(seen, drawn)), file=file, flush=True)

    yield write


def entry(seen, drawn=None) -> dict:
    """What a line says: the picture, and of each person box, joints and scores.

    Args:
        seen: What was `Seen`.
        drawn: The path that it was drawn to.
    """
    said = {"picture": seen.shot.source.name}
    if seen.shot.frame is not None:
        said |= {"frame": seen.shot.frame, "seconds": round(seen.shot.seconds, 3)}
    if drawn is not None:
        said["drawn"] = str(drawn)
    people = [person(pose) for pose in seen.poses]
    if seen.certain is not None:
        people = [
            {**found, "score": round(float(score), 4)}
            for found, score in zip(people, seen.certain)
        ]
    return {**said, "people": people}


def person(pose) -> dict:
    """What is said of one person."""
    return {
        "box": pose.box.round(2).tolist(),
        "joints": dict(zip(pose.names, pose.joints.round(2).tolist())),
        "scores": dict(zip(pose.names, pose.scores.astype(float).round(4).tolist())),
    }
