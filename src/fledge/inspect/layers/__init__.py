"""Layers of a decoder-only model: read by the logit lens, removed, exchanged between prompts."""
