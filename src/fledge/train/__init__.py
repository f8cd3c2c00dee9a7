"""Train any stage: the loop, its optimiser, its checkpoints and its progress."""
