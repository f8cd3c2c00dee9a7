"""One table a model family, read in both directions."""
