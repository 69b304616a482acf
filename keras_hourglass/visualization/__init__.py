"""Drawings of skeletons, heatmaps and grids of images."""
