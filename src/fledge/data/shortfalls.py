"""Warnings about rendered chats: parts that are not there, and answers that teach no end."""

import logging
from collections import Counter
from collections.abc import Sequence

from fledge.data.rendering import RenderedDemonstration
from fledge.text.tokenizer import Tokenizer

logger = logging.getLogger(__name__)


def warn_of_shortfalls(
    rendered: Sequence[RenderedDemonstration], tokenizer: Tokenizer, length: int, source: str
) -> None:
    """Log which parts of the chats of `source` are not learned.

    They are turns beyond `length` tokens, messages that the template leaves out, and the ends of
    answers, if none has one.
    """
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
    left_out = Counter(role for one in rendered for role in set(one.chat.left_out))
    if left_out:
        roles = (
            f"{role} (in {count} of {len(rendered)} chats)" for role, count in left_out.items()
        )
        logger.warning(
            "%s: the chat template leaves out or rewrites messages of these roles: %s",
            source,
            ", ".join(roles),
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
