"""Attention of a model as words, numbers and pictures."""
