"""Every error a user can cause, as one tree.

FledgeError
├── ConfigError          a run file or an option is wrong
├── DataError            a file or a record cannot be used
│   └── RecordError      one record: knows its file and line
├── WriteError           a file or directory cannot be written
├── TokenizerError       a tokenizer cannot be trained, read or applied
│   └── ConversationRefused   the chat template does not take these messages
├── CheckpointError      a checkpoint is missing, damaged or does not fit
├── GenerationError      a request cannot be answered
│   └── PromptTooLong    the prompt leaves no room in the context
├── DatabaseError        the database cannot be used
│   ├── DatabaseUnavailable   it does not answer now; it may in a moment
│   ├── NotFound         a row is not there, or not this person's
│   └── Conflict         another request wrote the same row first
├── TrainingError        training cannot go on
│   └── NonFiniteLoss    the loss became NaN or infinite
└── Interrupted          the user stopped a run; what was done is saved

A message says what was expected, what was found and what to do next.
"""

from collections.abc import Sequence
from pathlib import Path


class FledgeError(Exception):
    """Base of all errors that a user can cause; the command line prints it without a traceback."""

    exit_code = 1


class ConfigError(FledgeError):
    """A run file, a `section.key=value` override or a command-line option is wrong."""

    exit_code = 2


class DataError(FledgeError):
    """A data file is missing, empty, unreadable or of an unknown format."""


class RecordError(DataError):
    """One record of a data file cannot be used."""

    def __init__(self, path: Path | str, line: int, expected: str, found: str) -> None:
        """`line` counts from 1; for formats without lines it is the record's number."""
        self.path = Path(path)
        self.line = line
        self.expected = expected
        self.found = found
        super().__init__(f"{path}:{line}: expected {expected}, found {found}")


class WriteError(FledgeError):
    """A file or directory was not written; what stood there before is untouched."""

    def __init__(self, path: Path, what: str, reason: str, kept: str, *, is_full: bool) -> None:
        """`what` names the thing, `kept` tells what is still there; `is_full` is of the disk."""
        self.path = path
        self.is_full = is_full
        advice = (
            "Free some space"
            if is_full
            else "Make its folder writable, or choose another place to write to"
        )
        super().__init__(
            f"{path}: the {what} was not written: {reason}; {kept}. {advice}, "
            "and run the same command again"
        )


class TokenizerError(FledgeError):
    """A tokenizer cannot be trained, read or applied."""


class ConversationRefused(TokenizerError):
    """The chat template does not take a conversation, though it may take others."""

    def __init__(self, roles: Sequence[str], reason: str) -> None:
        """`roles` are those of its messages, in order."""
        self.roles = tuple(roles)
        self.reason = reason
        shown = ", ".join(roles) or "none"
        super().__init__(
            f"the chat template does not take this conversation (roles: {shown}): {reason}"
        )


class CheckpointError(FledgeError):
    """A checkpoint is missing, damaged, or does not fit what it is loaded for."""


class GenerationError(FledgeError):
    """A generation request cannot be answered."""


class BrokenOff(GenerationError):
    """An answer ended before its end; the text that came before stands."""


class PromptTooLong(GenerationError):
    """The prompt leaves no room for an answer in the model's context."""

    def __init__(self, prompt_tokens: int, limit: int) -> None:
        """`limit` is the most tokens the prompt may have."""
        self.prompt_tokens = prompt_tokens
        self.limit = limit
        super().__init__(
            f"the prompt is {prompt_tokens:,} tokens long, but at most {limit:,} leave room for an "
            "answer in the model's context; shorten the prompt or drop older messages"
        )


class DatabaseError(FledgeError):
    """The database is damaged, too new, or not what the address says."""


class DatabaseUnavailable(DatabaseError):
    """The database does not answer: it is stopped, locked, or its disk is full."""


class NotFound(DatabaseError):
    """The row does not exist or is another person's, which must look the same."""


class Conflict(DatabaseError):
    """Another request wrote the same row at the same moment; trying again helps."""


class TrainingError(FledgeError):
    """Training cannot go on."""


class NonFiniteLoss(TrainingError):
    """The loss became NaN or infinite; the weights of the last good step are kept."""

    def __init__(self, step: int, value: float) -> None:
        self.step = step
        self.value = value
        super().__init__(
            f"the loss is {value} at step {step}; the last checkpoint is untouched. "
            "Lower optimizer.learning_rate, or lengthen optimizer.warmup_steps, "
            "and run the same command again"
        )


class Interrupted(FledgeError):
    """The user stopped the run; its state is saved and the same command goes on from there."""

    exit_code = 130
