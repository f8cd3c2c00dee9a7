"""Log-probabilities in the form of the older completions API: four lists side by side."""

import codecs
from collections.abc import Iterable

from fledge.serve.schemas.chat import TokenLogprob, TopLogprob
from fledge.serve.schemas.completions import CompletionLogprobs


class TokenLists:
    """Collect the tokens of one text, which may come in parts.

    With `has_first` the tokens begin with the text's first one, which has no probability.
    """

    def __init__(self, num_alternatives: int, has_first: bool) -> None:
        self._num_alternatives = num_alternatives
        self._is_first = has_first
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._offset = 0
        self._lists = _empty()

    def add(self, tokens: Iterable[TokenLogprob]) -> None:
        """Add the next tokens."""
        for token in tokens:
            first, self._is_first = self._is_first, False
            self._lists.tokens.append(token_text(token))
            self._lists.token_logprobs.append(None if first else token.logprob)
            self._lists.top_logprobs.append(None if first else self._alternatives(token))
            self._lists.text_offset.append(self._offset)
            # A token inside a character begins where the character does.
            self._offset += len(self._decoder.decode(bytes(token.bytes or ())))

    def taken(self) -> CompletionLogprobs:
        """Return the tokens that were added since the last call."""
        lists, self._lists = self._lists, _empty()
        return lists

    def _alternatives(self, token: TokenLogprob) -> dict[str, float]:
        return {
            token_text(other): other.logprob
            for other in token.top_logprobs[: self._num_alternatives]
        }


def token_text(token: TopLogprob) -> str:
    r"""Return the token's text, or its bytes as `bytes:\xc3` where it is part of a character."""
    raw = bytes(token.bytes or ())
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return "bytes:" + "".join(f"\\x{byte:02x}" for byte in raw)


def _empty() -> CompletionLogprobs:
    return CompletionLogprobs(tokens=[], token_logprobs=[], top_logprobs=[], text_offset=[])
