"""What a training label holds: one row of four numbers per joint.

x, y: Where the joint is, in heatmap pixels.
weight: 0 if the joint is absent, else how far its label is trusted, up to 1.
reference: The length, in heatmap pixels, that errors are measured in: for MPII
    the size of the head. 0 where it is unknown: such a person is not scored.

A joint off the heatmap keeps its weight: nothing can be drawn for it, so the loss
leaves it out, but a network that misses it is wrong, so PCKh counts it.

Distances and heads shrink by the same factor on the way from the picture to the
heatmap, so that PCKh is the same in heatmap pixels as in picture pixels.
"""


def unpack(labels):
    """Splits `(..., joints, 4)` labels into points, weight and reference."""
    return labels[..., :2], labels[..., 2], labels[..., 3]
