"""Special tokens: the ids that only a chat template can produce, and the use of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from fledge.errors import TokenizerError

END_OF_TEXT = "<|endoftext|>"
PAD = "<|pad|>"
SYSTEM = "<|system|>"
USER = "<|user|>"
ASSISTANT = "<|assistant|>"
END = "<|end|>"

SPECIAL_TEXTS = (END_OF_TEXT, PAD, SYSTEM, USER, ASSISTANT, END)
"""The special tokens of a fledge tokenizer, in the order of their ids."""

SPECIAL_NAMES: Mapping[str, str] = MappingProxyType(
    {"bos_token": END_OF_TEXT, "eos_token": END, "pad_token": PAD}
)
"""Names that transformers has for them; its end of sequence is the end of a turn (Qwen, Llama)."""

_KNOWN_END_OF_TEXT = (END_OF_TEXT, "<|end_of_text|>", "</s>", "<eos>", "<|eos|>", "[EOS]")
_KNOWN_END = (END, "<|im_end|>", "<|eot_id|>", "<|eot|>", "<end_of_turn>")
_KNOWN_PAD = (PAD, "<pad>", "<|padding|>", "[PAD]", "<|finetune_right_pad_id|>")

_KNOWN_HEADERS = (
    *("<|im_start|>", "<|start_header_id|>", "<|end_header_id|>", "<start_of_turn>"),
    *(SYSTEM, USER, ASSISTANT),
)

KNOWN_CONTROL = (*_KNOWN_END_OF_TEXT, *_KNOWN_END, *_KNOWN_PAD, *_KNOWN_HEADERS)
"""Tokens of well-known chat templates, which no text may spell."""


@dataclass(frozen=True, slots=True)
class SpecialTokens:
    """Ids of the special tokens; None for a role that a foreign tokenizer has no token for.

    `end_of_text` separates documents, `end` ends a turn. Our own are six different ids. A foreign
    tokenizer with one special token (GPT-2) uses it for all three of end_of_text, end and pad,
    which is safe because losses count by mask and never by id.
    """

    end_of_text: int | None
    pad: int
    system: int | None
    user: int | None
    assistant: int | None
    end: int

    @property
    def separator(self) -> int:
        """Id between documents: the end of the text, or of a turn where that has none."""
        return self.end if self.end_of_text is None else self.end_of_text


def resolve_special(ids: Mapping[str, int], names: Mapping[str, str]) -> SpecialTokens:
    """Assign the special tokens among `ids` (text to id) to their uses.

    `names` holds bos_token, eos_token, pad_token as the tokenizer's own settings give them.

    Raises:
        TokenizerError: nothing marks the end of a text.
    """
    eos = names.get("eos_token", "")
    end = _first(ids, (*_KNOWN_END, eos, *_KNOWN_END_OF_TEXT))
    if end is None:
        raise TokenizerError(
            "the tokenizer has no token that ends a text (looked for eos_token and "
            f"{', '.join(_KNOWN_END + _KNOWN_END_OF_TEXT)}); name one as eos_token in "
            "tokenizer_config.json"
        )
    end_of_text = _first(ids, (*_KNOWN_END_OF_TEXT, eos))
    pad = _first(ids, (names.get("pad_token", ""), *_KNOWN_PAD))
    if pad is None:
        pad = end if end_of_text is None else end_of_text
    return SpecialTokens(end_of_text, pad, ids.get(SYSTEM), ids.get(USER), ids.get(ASSISTANT), end)


def _first(ids: Mapping[str, int], texts: tuple[str, ...]) -> int | None:
    return next((ids[text] for text in texts if text in ids), None)
