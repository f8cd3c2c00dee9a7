"""`fledge evaluate`: how good a checkpoint is."""

from fledge.cli.options import Checkpoint

EXAMPLE = "Example: `fledge evaluate checkpoints/base --text data/held-out`"


def evaluate(checkpoint: Checkpoint) -> None:
    """Measure a checkpoint."""
