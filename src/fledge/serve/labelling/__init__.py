"""Labelling: people write, rate and rank answers, and their managers keep the projects."""
