"""Which colour tells which side, for everybody's eyes.

Two of the colours that Okabe and Ito chose so that people of every kind of colour
vision tell them apart, and white; each is also of another brightness, for gray prints.
https://jfly.uni-koeln.de/color
"""

COLOURS = {"right_": (213, 94, 0), "left_": (86, 180, 233)}  # vermilion, sky blue
MIDDLE = (245, 245, 245)
RIM = (20, 20, 20)  # around all of them, so that no background swallows one


def colour(*names: str) -> tuple[int, int, int]:
    """RGB of a joint, or of a limb between two: by the side that it is on."""
    for side, rgb in COLOURS.items():
        if any(name.startswith(side) for name in names):
            return rgb
    return MIDDLE
