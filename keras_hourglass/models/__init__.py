"""Stacked hourglass networks, their blocks, presets, weights and inference form."""
