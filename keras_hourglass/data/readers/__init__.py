"""Readers: parts that the readers of all dataset formats share."""
