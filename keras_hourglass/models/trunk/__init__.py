"""Trunk of all networks: a stem, hourglasses in a row, and the layers at both ends."""
