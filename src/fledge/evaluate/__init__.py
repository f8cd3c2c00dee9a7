"""Measurements of models, and the report card that shows them."""
