"""Where folds and trials run."""
