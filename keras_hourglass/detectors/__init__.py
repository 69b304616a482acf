"""Person detectors: plugs that find the boxes whose joints the network then finds.

A detector is a function, `detect(picture) -> boxes`:

    picture: `(height, width, 3)`, uint8, RGB.
    boxes: `(people, 4)`, x and y of the first pixel, width and height, in pixels; a
        fifth column may hold scores. Nobody is `[]`.

An installed package brings one under a name of its choice by an entry point,

    [project.entry-points."keras_hourglass.detectors"]
    yolo = "my_package.people:detect"

and `get("yolo")`, or `hourglass-keras predict --detector yolo`, finds it. Without a
package, `my_module:detect` does as a name, too.
"""

from importlib.metadata import EntryPoint, entry_points

from keras_hourglass.boxes import boxes
from keras_hourglass.choices import hint

GROUP = "keras_hourglass.detectors"
DETECTORS = {"hog": "keras_hourglass.detectors.hog:detect"}


def known() -> dict[str, EntryPoint]:
    """All detectors that there are, this library's own and those of other packages."""
    return {
        **{name: EntryPoint(name, value, GROUP) for name, value in DETECTORS.items()},
        **{plug.name: plug for plug in entry_points(group=GROUP)},
    }


def get(name: str):
    """A detector, from its name.

    Returns:
        A function: picture -> `(people, 5)`, boxes and scores that are such.

    Raises:
        ValueError: If there is none of the name, or it cannot be loaded.
    """
    plugs = known()
    plug = plugs.get(name) or (EntryPoint(name, name, GROUP) if ":" in name else None)
    if plug is None:
        raise ValueError(
            f"`detector` must be a detector's name, or module:function. "
            f"{hint(name, plugs)} Received: detector={name!r}"
        )
    try:
        detect = plug.load()
    except (ImportError, AttributeError) as error:
        raise ValueError(f"detector {name!r} cannot be loaded: {error}") from error

    def checked(picture):
        try:
            return boxes(detect(picture))
        except (ImportError, ValueError) as error:
            raise ValueError(f"detector {name!r}: {error}") from error

    return checked
