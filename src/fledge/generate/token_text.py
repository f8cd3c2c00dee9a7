"""Token events to text; imports no torch, so that a server of other servers' models needs none."""

from collections.abc import Container, Mapping, Sequence
from types import MappingProxyType

from fledge.generate.request import FinishReason, TokenEvent
from fledge.text.stream import TextStream
from fledge.text.tokenizer import Tokenizer


class TokenText:
    """Turn the token events of one request into text, each piece as soon as it is certain.

    A stop text ends the answer: `finish_reason` is then set while the engine still runs, and the
    caller cancels the request.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        stop_ids: Container[int],
        stop: Sequence[str],
        marks: Mapping[int, str] = MappingProxyType({}),
    ) -> None:
        """`marks` are special tokens that are shown, such as those around calls of tools."""
        self.finish_reason: FinishReason | None = None
        self._stop_ids = stop_ids
        self._marks = marks
        self._stream = TextStream(tokenizer, stop)

    @property
    def is_cut(self) -> bool:
        """True once a stop text has ended the answer."""
        return self._stream.stopped

    def take(self, event: TokenEvent) -> str:
        """Return the text that became certain with this event; "" once the answer has ended."""
        if self.finish_reason is not None:
            return ""
        piece = ""
        if event.token_id is not None and event.token_id not in self._stop_ids:
            mark = self._marks.get(event.token_id)
            push = self._stream.push
            piece = push(event.token_id) if mark is None else self._stream.push_mark(mark)
        self.finish_reason = "stop" if self._stream.stopped else event.finish_reason
        return piece if self.finish_reason is None else piece + self._stream.finish()
