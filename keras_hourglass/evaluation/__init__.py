"""How good joints are: PCKh under every convention that publications use."""

from keras_hourglass.evaluation.conventions import (
    CONVENTIONS,
    Convention,
    columns,
    rates,
)
from keras_hourglass.evaluation.predictions import evaluate
from keras_hourglass.evaluation.scoring import CURVE, THRESHOLDS, score

__all__ = [
    "CONVENTIONS",
    "CURVE",
    "Convention",
    "THRESHOLDS",
    "columns",
    "evaluate",
    "rates",
    "score",
]
