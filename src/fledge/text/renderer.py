"""Tokenizer, chat template and context length of a chat model, which render its conversations."""

from dataclasses import dataclass

from fledge.errors import ConfigError
from fledge.text.chat import ChatTemplate
from fledge.text.tokenizer import Tokenizer


@dataclass(frozen=True, slots=True)
class Renderer:
    """Renders conversations for a model with a context of `context_length` tokens."""

    tokenizer: Tokenizer
    template: ChatTemplate
    context_length: int

    def row_length(self, wanted: int | None, setting: str) -> int:
        """Return the tokens of a training row: `wanted` by `setting`, or the context for None.

        Raises:
            ConfigError: it is more than the context.
        """
        if wanted is not None and wanted > self.context_length:
            raise ConfigError(
                f"{setting} is {wanted:,}, but the model's context holds {self.context_length:,} "
                "tokens; lower it"
            )
        return wanted or self.context_length
