"""Estimate a run before it starts: its memory, its time and its disk on this machine."""
