"""Tracking: people from frame to frame."""
