"""Heatmaps: encoding of joints, decoding of keypoints, and training labels.

A heatmap is `(..., height, width, joints)`; its grid's size is (width, height).
"""
