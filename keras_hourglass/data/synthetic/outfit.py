"""What a person wears and looks like: the same on the left as on the right."""

from typing import NamedTuple

import numpy as np

SKINS = np.array([(243, 208, 184), (224, 172, 130), (176, 120, 80), (84, 52, 38)])
HAIRS = np.array(
    [(24, 20, 18), (60, 38, 24), (110, 70, 38), (205, 165, 95), (150, 60, 25)]
)


class Outfit(NamedTuple):
    """Colors are RGB, 0 to 255. Lengths of clothes are counted in bones."""

    skin: np.ndarray
    hair: np.ndarray
    long_hair: float  # how far it falls, as a share of the head's height; 0 if short
    cap: bool
    shirt: np.ndarray
    stripes: np.ndarray | None
    sleeve: float
    loose: float  # the radius of clothes, as a multiple of the limb's
    trousers: np.ndarray
    trouser: float
    skirt: bool
    shoes: np.ndarray
    girth: float
    light: np.ndarray  # where the bright side lies, `(2,)`, in radii
    shade: float  # how bright the dark side is


def cloth(random):
    """Any color, rather dull than bright."""
    *color, dull = random.random(4).tolist()
    grey = sum(color) / 3
    return np.array([10 + 235 * (c + 0.9 * dull * (grey - c)) for c in color])


def outfit(random) -> Outfit:
    chance = random.random(6)
    skin = SKINS[0] + 0.0
    for other, share in zip(SKINS[1:], random.random(3) ** 2, strict=True):
        skin += share * (other - skin)
    hair = HAIRS[random.integers(len(HAIRS))] * random.uniform(0.7, 1.3)
    if chance[0] < 0.08:
        hair = np.full(3, random.uniform(110, 220))
    cap = chance[1] < 0.1
    shirt = cloth(random)
    light = random.normal((0, -0.2), (0.15, 0.06))
    return Outfit(
        skin=skin,
        hair=cloth(random) if cap else hair,
        long_hair=random.uniform(0.5, 1.3) if chance[2] < 0.35 else 0.0,
        cap=cap,
        shirt=shirt,
        stripes=cloth(random) if chance[3] < 0.3 else None,
        sleeve=random.uniform(0.3, 0.9) if chance[4] < 0.5 else random.uniform(1.2, 2),
        loose=random.uniform(1.05, 1.35),
        trousers=shirt if chance[5] < 0.08 else cloth(random),
        trouser=random.uniform(0.4, 1.1) if chance[5] > 0.7 else random.uniform(1.6, 2),
        skirt=0.7 < chance[5] < 0.85,
        shoes=cloth(random),
        girth=random.uniform(0.85, 1.25),
        light=light,
        shade=random.uniform(0.55, 0.8),
    )
