"""Layout of a training label: four numbers per joint.

x, y: The joint's position, in heatmap pixels.
weight: 0 if the joint is absent, else the confidence in its label, up to 1. The other
    numbers of an absent joint do not count, whatever they are: NaN, too.
reference: The length, in heatmap pixels, that errors are measured in: for MPII, the
    size of the head. 0 if it is unknown: such a person is not scored.

A joint outside the heatmap keeps its weight. The loss leaves it out, as nothing can be
drawn for it; PCKh counts it, as a network that misses it is wrong.

Distances and heads shrink by the same factor from image to heatmap, so PCKh is the
same in heatmap pixels as in image pixels.
"""


def unpack(labels):
    """Splits `(..., joints, 4)` labels into points, weight and reference.

    Returns:
        `(..., joints, 2)`, `(..., joints)` and `(..., joints)`.
    """
    return labels[..., :2], labels[..., 2], labels[..., 3]
