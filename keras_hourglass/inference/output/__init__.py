"""Output: poses and drawings, written as files."""
