"""Rounds of feedback: watched and steered in the browser, with one's own part in the models."""
