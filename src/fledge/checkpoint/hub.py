"""Models of the Hugging Face Hub: fetched into its own cache, never a pickle among the files."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fledge.errors import CheckpointError

PATTERNS = ("*.json", "*.safetensors", "*.jinja", "*.spm", "merges.txt")
"""Files to fetch: all parts of a checkpoint, and no file that holds a program."""
INSTALL = "pip install 'fledge[hub]'"
_NAME = re.compile(r"[\w.-]+/[\w.-]+")


def is_hub_id(source: str) -> bool:
    """Whether a source reads like `owner/name`."""
    return _NAME.fullmatch(source) is not None


def fetch(repository: str, revision: str | None = None) -> Path:
    """Fetch a model of the Hub, unless it is in the cache, and return its directory.

    `HF_HUB_CACHE`, `HF_HUB_OFFLINE` and `HF_TOKEN` work as they do for other programs.

    Raises:
        CheckpointError: huggingface_hub is missing, the Hub has no such model or revision, keeps it
            for others or cannot be reached, or the model has no safetensors.
    """
    try:
        from huggingface_hub import snapshot_download
    except ImportError as error:
        raise CheckpointError(
            f"{repository}: no such directory here, and fetching it from the Hub needs the package "
            f"huggingface_hub: {INSTALL}"
        ) from error
    with _telling_why_not(repository, revision):
        path = snapshot_download(repository, revision=revision, allow_patterns=list(PATTERNS))
    directory = Path(path)
    if not any(directory.glob("*.safetensors")):
        raise CheckpointError(
            f"{repository}: no safetensors among its files; a model that has only pickles "
            "(pytorch_model.bin) is not read. Look for a revision that has them and name it with "
            "--revision (the Hub's converter opens one as refs/pr/…)"
        )
    return directory


@contextmanager
def _telling_why_not(repository: str, revision: str | None) -> Iterator[None]:
    """Translate Hub errors into advice."""
    from huggingface_hub import errors

    try:
        yield
    except errors.GatedRepoError as error:
        raise CheckpointError(
            f"{repository}: its owner asks for consent: accept the terms on its page of the "
            "Hub, then set HF_TOKEN to a token of that account"
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise CheckpointError(
            f"{repository}: no such directory here, and no such model on the Hub, or a private "
            "one; look its name up there, or set HF_TOKEN to a token that may read it"
        ) from error
    except errors.RevisionNotFoundError as error:
        raise CheckpointError(
            f"{repository}: the Hub has no branch, tag or commit {revision!r} of it; leave "
            "--revision out, or choose one that its page of the Hub lists"
        ) from error
    # HTTPError is httpx's: a proxy refused, or the connection was lost.
    except (errors.HTTPError, OSError, ValueError) as error:  # type: ignore[attr-defined]
        reason = str(error).partition("\n")[0].removesuffix(".")
        raise CheckpointError(
            f"{repository}: no such directory here, and not fetched from the Hub: {reason}. See "
            "that the Hub can be reached and try again, or name a directory into which it was "
            "downloaded elsewhere"
        ) from error
