"""Who is seen on which picture or frame: what joins inputs, boxes and the network."""

from keras_hourglass.seen.looking import Seen, look
from keras_hourglass.seen.sifting import sifted

__all__ = ["Seen", "look", "sifted"]
