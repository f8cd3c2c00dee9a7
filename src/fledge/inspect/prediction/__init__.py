"""Probabilities of tokens: the next one, those of a text, and those of one model after another."""
