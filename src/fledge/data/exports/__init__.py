"""Exports of other tools for people's feedback, opened as records of fledge's own formats."""

from fledge.data.exports.unfold import Kind, Unfolding

__all__ = ["Kind", "Unfolding"]
