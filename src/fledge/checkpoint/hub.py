"""Models of the Hugging Face Hub: fetched into its own cache, never a pickle among the files."""

import re
from pathlib import Path

from fledge.errors import CheckpointError

PATTERNS = ("*.json", "*.safetensors", "*.jinja", "*.spm", "merges.txt")
"""Files to fetch; everything a checkpoint is made of, and nothing that holds a program."""
INSTALL = "pip install 'fledge[hub]'"
_NAME = re.compile(r"[\w.-]+/[\w.-]+")


def is_hub_id(source: str) -> bool:
    """Whether it reads like `owner/name`."""
    return _NAME.fullmatch(source) is not None


def fetch(repository: str, revision: str | None = None) -> Path:
    """The directory of a model of the Hub; what was fetched before is not fetched again.

    `HF_HUB_CACHE`, `HF_HUB_OFFLINE` and `HF_TOKEN` work as they do for other programs.

    Raises:
        CheckpointError: huggingface_hub is missing, the Hub has no such model or cannot be
            reached, or the model has no safetensors.
    """
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HfHubHTTPError
    except ImportError as error:
        raise CheckpointError(
            f"{repository}: fetching from the Hub needs huggingface_hub: {INSTALL}"
        ) from error
    try:
        path = snapshot_download(repository, revision=revision, allow_patterns=list(PATTERNS))
    except (HfHubHTTPError, OSError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise CheckpointError(
            f"{repository}: not here as a directory, and not fetched from the Hub: {reason}"
        ) from error
    directory = Path(path)
    if not any(directory.glob("*.safetensors")):
        raise CheckpointError(
            f"{repository}: no safetensors among its files; a model that has only pickles "
            "(pytorch_model.bin) is not read. Look for a revision that has them and name it with "
            "--revision (the Hub's converter opens one as refs/pr/…)"
        )
    return directory
