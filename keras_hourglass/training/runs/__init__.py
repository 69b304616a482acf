"""Runs: the folder of one, its changes and its checkpoints."""
