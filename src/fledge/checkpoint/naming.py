"""Errors of settings and tensors, given the name of the file that they are in."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fledge.errors import CheckpointError
from fledge.model.huggingface.family import TensorError


class DamagedFile(CheckpointError):
    """A file that cannot be read; the message names it already."""


@dataclass(frozen=True, slots=True)
class Named:
    """Files to name in errors: of the settings, and of the tensors."""

    config: Path
    weights: Path


@contextmanager
def naming(files: Named) -> Iterator[None]:
    """Put the file in front of an error's message.

    Raises:
        CheckpointError: in place of a `TensorError`, or of one that names no file yet.
    """
    try:
        yield
    except DamagedFile:
        raise
    except TensorError as error:
        raise CheckpointError(f"{files.weights}: {error}") from error
    except CheckpointError as error:
        raise CheckpointError(f"{files.config}: {error}") from error
