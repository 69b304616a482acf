"""Scores of parts of the people: hidden joints, sizes, company."""

import numpy as np

from keras_hourglass.data.people import People
from keras_hourglass.evaluation import bootstrap
from keras_hourglass.evaluation.scoring import means

THRESHOLD = 0.5  # reference lengths
PARTS = 3  # of the people by their size, as many in each


def by_group(errors, people: People, drawn) -> dict[str, list[dict]]:
    """Scores at 0.5 of each group of each kind; without kinds that nothing is known of.

    Args:
        errors: `(people, joints)`, in reference lengths; NaN where not scored.
        people: Whose errors they are.
        drawn: What `bootstrap.draws` gives for as many people.

    Returns:
        Kind -> of each group its "name", how many "people" and "joints" it has, the
        "means" in percent, and their "intervals".
    """
    return {
        kind: rows
        for kind, masks in kinds(people).items()
        if (rows := [*_rows(errors, people, masks, drawn)])
    }


def kinds(people: People) -> dict[str, dict]:
    """Kind -> group -> a mask that broadcasts to `(people, joints)`."""
    others = people.others[:, None]
    return {
        "joints": {"seen": people.visible == 1, "hidden": people.visible == 0},
        "size in the photograph": _thirds(people.sizes[:, None]),
        "others labelled in the picture": {
            "none": others == 0,
            "one": others == 1,
            "two or more": others > 1,
        },
    }


def _thirds(sizes):
    """Groups of as many people, by the borders between them in pixels."""
    borders = np.unique(np.quantile(sizes, np.arange(1, PARTS) / PARTS)).tolist()
    if not len(sizes) or sizes.min() == sizes.max():
        return {}
    lows, highs = [-np.inf, *borders], [*borders, np.inf]
    named = {}
    for low, high in zip(lows, highs):
        name = f"up to {high:.0f} pixels" if high < np.inf else f"over {low:.0f} pixels"
        if -np.inf < low and high < np.inf:
            name = f"{low:.0f} to {high:.0f} pixels"
        named[name] = (low < sizes) & (sizes <= high)
    return named


def _rows(errors, people, masks, drawn):
    skeleton = people.skeleton
    for name, mask in masks.items():
        part = np.where(mask, errors, np.nan)
        scored = np.isfinite(part)
        if scored.any():
            yield {
                "name": name,
                "people": int(scored.any(1).sum()),
                "joints": int(scored.sum()),
                "means": means(part, skeleton, THRESHOLD),
                "intervals": bootstrap.intervals(part, skeleton, THRESHOLD, drawn),
            }
