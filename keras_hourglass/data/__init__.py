"""Datasets, images, augmentation and batches."""
