"""Networks: the stacked hourglass, its blocks, presets, weights and inference form."""
