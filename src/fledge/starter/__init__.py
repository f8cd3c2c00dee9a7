"""The embedded default: what the demo learns from."""
