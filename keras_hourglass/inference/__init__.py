"""Inference: from images and videos to keypoints."""
