"""Evaluation of keypoints: PCKh under every named convention, OKS, reports."""
