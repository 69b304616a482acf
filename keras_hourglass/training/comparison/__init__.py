"""The comparison of presets: the paper's table, and errors of its rows."""
