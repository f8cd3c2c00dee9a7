"""Raise a chat model: from raw text, to demonstrations, to human feedback."""

from pathlib import Path
from typing import TYPE_CHECKING

from fledge.version import __version__

if TYPE_CHECKING:
    from fledge.checkpoint.critic import Critic
    from fledge.checkpoint.model_files import LoadedModel

__all__ = ["Critic", "LoadedModel", "__version__", "load", "load_critic"]


def load(path: Path | str) -> "LoadedModel":
    """Load the model, tokenizer and chat template of a checkpoint.

    `path` is a checkpoint, a directory in Hugging Face layout, or the output directory of a run,
    whose newest checkpoint is taken.

    Raises:
        CheckpointError: there is no model, or it is damaged.
    """
    # torch is loaded here, on first use: `import fledge` alone takes milliseconds.
    from fledge.checkpoint.directory import find_checkpoint
    from fledge.checkpoint.model_files import load_language_model

    return load_language_model(find_checkpoint(Path(path)))


def load_critic(path: Path | str) -> "Critic":
    """Load the value model that PPO trained beside its policy, to value the tokens of answers.

    `path` is a PPO run's output directory, whose newest checkpoint is taken, one of its
    checkpoints, or a critic that was exported.

    Raises:
        CheckpointError: there is no critic, or it is damaged.
    """
    from fledge.checkpoint.critic import load_critic as read

    return read(Path(path))


def __getattr__(name: str) -> object:
    if name == "LoadedModel":
        from fledge.checkpoint.model_files import LoadedModel

        return LoadedModel
    if name == "Critic":
        from fledge.checkpoint.critic import Critic

        return Critic
    raise AttributeError(f"module 'fledge' has no attribute {name!r}")
