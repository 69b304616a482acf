"""Visualization: skeletons, heatmaps and grids of images."""
