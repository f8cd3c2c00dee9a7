"""The training stages; each brings its batches and its loss."""
