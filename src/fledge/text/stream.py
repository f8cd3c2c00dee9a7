"""Turn ids into text as they come: no later id changes text that has been shown."""

import codecs
from collections.abc import Sequence

from fledge.errors import GenerationError
from fledge.text.tokenizer import Tokenizer


class TextStream:
    """Decodes one answer as its ids arrive.

    Bytes of an incomplete character and text that may become a stop text are held back. The
    pieces together equal `decode` of all ids, cut before the stop text that is complete first.

    Raises:
        GenerationError: a stop text is empty.
    """

    def __init__(self, tokenizer: Tokenizer, stop: Sequence[str] = ()) -> None:
        if "" in stop:
            raise GenerationError(
                "a stop text is empty, which would stop every answer; leave it out"
            )
        self._tokenizer = tokenizer
        self._stop = tuple(stop)
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._held = ""
        self._at_start = tokenizer.drops_first_space
        self.stopped = False
        """True once a stop text was reached; the text after it is withheld."""

    def push(self, token_id: int) -> str:
        """Return the text that became certain with this id; "" is common."""
        return self._accept(self._tokenizer.token_bytes(token_id), final=False)

    def push_mark(self, mark: str) -> str:
        """Return the text that became certain with a special token that is shown as `mark`."""
        return self._accept(mark.encode(), final=False)

    def finish(self) -> str:
        """Return the text held back, when no more ids will come; half a character becomes `�`."""
        text = self._accept(b"", final=True)
        text, self._held = text + self._held, ""
        return text

    def _accept(self, received: bytes, final: bool) -> str:
        if self.stopped:
            return ""
        text = self._decoder.decode(received, final)
        if self._at_start and text:
            text, self._at_start = text.removeprefix(" "), False
        pending = self._held + text
        stop_at = first_stop(pending, self._stop)
        if stop_at is not None:
            self.stopped, self._held = True, ""
            return pending[:stop_at]
        certain = len(pending) - possible_stop(pending, self._stop)
        self._held = pending[certain:]
        return pending[:certain]


def first_stop(text: str, stop: Sequence[str]) -> int | None:
    """Find the start of the stop text that is complete first, or of the longer of two such."""
    found = ((start + len(s), start) for s in stop if (start := text.find(s)) >= 0)
    return min(found, default=(0, None))[1]


def possible_stop(text: str, stop: Sequence[str]) -> int:
    """Count the characters at the end of `text` that could be the beginning of a stop text."""
    longest = max((len(s) for s in stop), default=1) - 1
    lengths = range(min(longest, len(text)), 0, -1)
    return next((n for n in lengths if any(s.startswith(text[-n:]) for s in stop)), 0)
