"""Sample answers of SFT: the most probable answer to a few held-out prompts."""

from collections.abc import Sequence

from fledge.checkpoint.model_files import LoadedModel
from fledge.generate.engine import Engine
from fledge.generate.request import SamplingParams
from fledge.generate.respond import respond
from fledge.text.conversation import RenderedChat

MOST_TOKENS = 64
"""Tokens of a sample answer, at most."""


def sample_answers(loaded: LoadedModel, chats: Sequence[RenderedChat]) -> list[dict[str, object]]:
    """Answer the first question of each chat that leaves room, and describe the answers.

    `reference` is what the chat's own assistant wrote. No random number is drawn.
    """
    context, tokenizer = loaded.model.config.context_length, loaded.tokenizer
    cut = [(chat, chat.loss_mask.index(True)) for chat in chats if any(chat.loss_mask)]
    cut = [(chat, start) for chat, start in cut if 0 < start < context]
    if not cut:
        return []
    prompts = [chat.ids[:start] for chat, start in cut]
    length = min(context, max(map(len, prompts)) + MOST_TOKENS)
    # Torch alone: the native decoder would be compiled in the midst of training.
    engine = Engine(loaded.model, max_batch=len(cut), max_length=length, native=False)
    sampling = SamplingParams(temperature=0.0, max_new_tokens=MOST_TOKENS)
    seeds = [0] * len(cut)
    written = respond(engine, prompts, sampling, seeds, tokenizer.stop_ids, loaded.banned_ids)

    def text(ids: Sequence[int]) -> str:
        return tokenizer.decode([id_ for id_ in ids if id_ not in tokenizer.special_ids])

    return [
        {
            "prompt": text(chat.ids[:start]),
            "answer": text(answer),
            "reference": text(first_turn(chat, start)),
            "tokens": len(answer),
            "ended": answer[-1] in tokenizer.stop_ids,
        }
        for (chat, start), answer in zip(cut, written, strict=True)
    ]


def first_turn(chat: RenderedChat, start: int) -> list[int]:
    """Return the ids of the assistant's turn that begins at `start`, its end included."""
    rest = chat.loss_mask[start:]
    end = rest.index(False) if False in rest else len(rest)
    return chat.ids[start : start + end]
