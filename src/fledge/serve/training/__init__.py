"""Runs dashboard: training runs of this machine, watched in the browser."""
