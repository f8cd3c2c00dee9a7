"""Attention heads of a decoder-only model: their labels, and one opened up into its parts."""
