"""Warnings about rendered chats: parts that had no room, and answers that teach no end."""

import logging
from collections.abc import Sequence

from fledge.data.rendering import RenderedDemonstration
from fledge.text.tokenizer import Tokenizer

logger = logging.getLogger(__name__)


def warn_of_shortfalls(
    rendered: Sequence[RenderedDemonstration], tokenizer: Tokenizer, length: int, source: str
) -> None:
    """Log how many chats of `source` were cut to `length` tokens, and whether no answer ends."""
    shorter = [one for one in rendered if one.turns_dropped or one.tail_cut]
    if shorter:
        logger.warning(
            "%s: %d of %d chats are longer than %d tokens: %d lose their oldest turns, %d the end "
            "of their last answer. A longer context holds more",
            source,
            len(shorter),
            len(rendered),
            length,
            sum(one.turns_dropped for one in rendered),
            sum(one.tail_cut for one in rendered),
        )
    if not any(teaches_an_end(one, tokenizer) for one in rendered):
        why = _why(rendered, tokenizer, length)
        logger.warning("%s: no answer teaches its end: %s", source, why)


def teaches_an_end(one: RenderedDemonstration, tokenizer: Tokenizer) -> bool:
    """Return whether a stop token is among the tokens to learn."""
    pairs = zip(one.chat.ids, one.chat.loss_mask, strict=True)
    return any(counts and token_id in tokenizer.stop_ids for token_id, counts in pairs)


def _why(rendered: Sequence[RenderedDemonstration], tokenizer: Tokenizer, length: int) -> str:
    """Explain why no answer has an end, and tell what to do."""
    if all(one.tail_cut for one in rendered):
        return (
            f"none is whole within {length:,} tokens, so the model will not learn to stop; use a "
            "longer context"
        )
    stops = ", ".join(tokenizer.decode_marked([stop]) for stop in sorted(tokenizer.stop_ids))
    return (
        f"the chat template writes none of {stops} after an answer, so the model will not learn to "
        "stop, and every answer will run to its limit of tokens; let the template in "
        "tokenizer_config.json write {{ eos_token }} after an assistant's content"
    )
