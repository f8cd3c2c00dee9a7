"""Observe training runs from outside, while other processes train them."""
