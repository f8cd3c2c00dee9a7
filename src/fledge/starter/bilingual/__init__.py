"""Everyday English sentences with their French, put together from a lexicon by a grammar."""
