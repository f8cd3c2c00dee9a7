"""Text before the model: normalise, tokenise, chat templates, streams, features; no torch."""
