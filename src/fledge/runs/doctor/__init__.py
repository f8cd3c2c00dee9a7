"""Examine the directories of runs: `fledge doctor`."""
