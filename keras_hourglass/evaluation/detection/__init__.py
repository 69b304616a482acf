"""Evaluation of finding people: boxes alone, and poses of everyone, end to end."""
