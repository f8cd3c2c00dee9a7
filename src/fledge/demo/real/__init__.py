"""The demo on a real model: a small one of others learns to answer for a shop."""
