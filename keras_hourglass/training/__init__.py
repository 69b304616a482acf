"""Training: recipes, and the run that follows one."""
