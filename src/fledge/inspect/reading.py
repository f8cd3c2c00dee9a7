"""A text or a conversation as a decoder-only model reads it: ids, and a label for each token."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Int
from torch import Tensor

from fledge.checkpoint.model_files import LoadedModel
from fledge.errors import ConfigError, GenerationError
from fledge.text.conversation import Conversation
from fledge.text.printable import spelled
from fledge.text.tokenizer import Tokenizer


@final
@dataclass(frozen=True, slots=True)
class Reading:
    """Tokens of a text, with what each stands for.

    `start` is the index of the first token that the model wrote or would write: of the last answer
    in a conversation, 0 in a text.
    """

    ids: tuple[int, ...]
    pieces: tuple[str, ...]
    start: int = 0

    def index(self, position: int | None) -> int:
        """Return the index of a position that counts from 1; None is the last token.

        Raises:
            ConfigError: there is no such token; the message says how many there are.
        """
        if position is None:
            return len(self.ids) - 1
        if not 1 <= position <= len(self.ids):
            raise ConfigError(
                f"--position {position} does not exist: the text's tokens go from 1 to "
                f"{len(self.ids)}"
            )
        return position - 1

    def tensor(self, device: torch.device) -> Int[Tensor, "1 T"]:
        """Return the ids as a batch of one row."""
        return torch.tensor([self.ids], device=device)


def read(loaded: LoadedModel, text: str | Conversation) -> Reading:
    """Encode a text as a document, or a conversation by the chat template.

    A conversation that ends with a user's message ends in the header of the answer to come.

    Raises:
        GenerationError: there is no token, or more than the model's context holds.
    """
    start = 0
    if isinstance(text, str):
        if not text:
            raise GenerationError("the text is empty; give some words")
        ids = loaded.tokenizer.encode_document(text)
    else:
        ids, start = _render(loaded, text)
    return reading_of(loaded, ids, start)


def reading_of(loaded: LoadedModel, ids: Sequence[int], start: int = 0) -> Reading:
    """Label ids that were encoded elsewhere.

    Raises:
        GenerationError: there is no token, or more than the model's context holds.
    """
    limit = loaded.model.config.context_length
    if not ids:
        raise GenerationError("the text has no token; give some words")
    if len(ids) > limit:
        raise GenerationError(
            f"the text has {len(ids):,} tokens, the model reads at most {limit:,}; shorten it"
        )
    return Reading(tuple(ids), tuple(piece(loaded.tokenizer, id_) for id_ in ids), start)


def piece(tokenizer: Tokenizer, id_: int) -> str:
    r"""Return the text of one token for people: a special one by name, broken UTF-8 as `\xe2`."""
    if id_ >= tokenizer.vocabulary_size:
        return f"⟨{id_}⟩"
    text = tokenizer.token_bytes(id_).decode("utf-8", errors="backslashreplace")
    return spelled(text).replace("\n", "⏎").replace("\t", "⇥") or tokenizer.token(id_)


def _render(loaded: LoadedModel, conversation: Conversation) -> tuple[list[int], int]:
    template, tokenizer = loaded.template, loaded.tokenizer
    messages = conversation.messages
    if messages and messages[-1].role == "assistant":
        ids = template.ids(conversation, tokenizer, generation_prompt=False)
        before = conversation.with_messages(messages[:-1])
        return ids, len(template.ids(before, tokenizer, generation_prompt=True))
    ids = template.ids(conversation, tokenizer, generation_prompt=True)
    return ids, len(ids)
