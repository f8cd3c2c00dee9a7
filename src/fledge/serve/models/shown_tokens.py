"""Log-probabilities of the tokens behind a text, in step with what is shown of it."""

import codecs
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from fledge.generate.request import TokenEvent
from fledge.serve.schemas.chat import TokenLogprob, TopLogprob
from fledge.text.tokenizer import Tokenizer


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Token whose text is not all shown yet.

    `text` are the characters that it completes; `carried` counts the bytes of its first character
    that came with tokens before.
    """

    event: TokenEvent
    raw: bytes
    text: str
    carried: int

    def cut(self, length: int) -> "_Waiting":
        """Keep the first `length` characters."""
        text = self.text[:length]
        return _Waiting(self.event, self.raw[: len(text.encode()) - self.carried], text, 0)


class ShownTokens:
    """Hands out each token with the text that it ends in, so that both join to the same string.

    A token that a stop text cuts is cut too, and keeps the log-probability of the whole token; the
    tokens of the stop text are left out.
    """

    def __init__(self, tokenizer: Tokenizer, marks: Mapping[int, str]) -> None:
        """`marks` are special tokens that are shown."""
        self._tokenizer = tokenizer
        self._marks = marks
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._drops_space = tokenizer.drops_first_space
        self._waiting: deque[_Waiting] = deque()
        self._shown = 0

    def add(self, event: TokenEvent) -> None:
        """Take the next token; the end token is no text."""
        if event.token_id is None or event.token_id in self._tokenizer.stop_ids:
            return
        mark = self._marks.get(event.token_id)
        raw = self._tokenizer.token_bytes(event.token_id) if mark is None else mark.encode()
        carried = len(self._decoder.getstate()[0])
        text = self._decoder.decode(raw)
        if self._drops_space and text:
            self._drops_space = False
            if text.startswith(" "):
                raw, text = raw[1:], text[1:]
        self._waiting.append(_Waiting(event, raw, text, carried))

    def taken(self, shown: str) -> tuple[TokenLogprob, ...]:
        """Return the tokens whose text is all shown, now that `shown` is too."""
        self._shown += len(shown)
        found: list[_Waiting] = []
        while (group := self._next_group()) and len(group[-1].text) <= self._shown:
            self._shown -= len(group[-1].text)
            found += group
            for _ in group:
                self._waiting.popleft()
        return self._told(found)

    def rest(self, is_cut: bool) -> tuple[TokenLogprob, ...]:
        """Return the tokens left at the end; of an answer that a stop text cut, what is shown."""
        found = list(self._waiting)
        if is_cut:
            group = self._next_group() if self._shown else []
            found = [*group[:-1], group[-1].cut(self._shown)] if group else []
        self._waiting.clear()
        return self._told(found)

    def _next_group(self) -> list[_Waiting]:
        """Return the next tokens that complete a character; none if it is not complete."""
        group: list[_Waiting] = []
        for token in self._waiting:
            group.append(token)
            if token.text:
                return group
        return []

    def _told(self, tokens: list[_Waiting]) -> tuple[TokenLogprob, ...]:
        return tuple(
            token_logprob(
                token.raw, token.event.log_prob, token.event.alternatives, self._tokenizer
            )
            for token in tokens
        )


def token_logprob(
    raw: bytes,
    log_prob: float,
    alternatives: tuple[tuple[int, float], ...],
    tokenizer: Tokenizer,
) -> TokenLogprob:
    """Return a token of a text by its bytes, with its most probable alternatives."""
    return TokenLogprob(
        **_top_logprob(raw, log_prob).model_dump(),
        top_logprobs=[_top_logprob(bytes_of(id_, tokenizer), other) for id_, other in alternatives],
    )


def bytes_of(id_: int, tokenizer: Tokenizer) -> bytes:
    """Return a token's bytes; a model's vocabulary may be padded beyond its tokenizer's."""
    return tokenizer.token_bytes(id_) if id_ < tokenizer.vocabulary_size else b""


def _top_logprob(raw: bytes, log_prob: float) -> TopLogprob:
    return TopLogprob(token=raw.decode(errors="replace"), logprob=log_prob, bytes=list(raw))
