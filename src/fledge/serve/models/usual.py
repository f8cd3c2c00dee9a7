"""Sampling of requests that name none, by model."""

from fledge.checkpoint.recommended import NOTHING_RECOMMENDED
from fledge.generate.request import SamplingParams
from fledge.generate.usual import chat_sampling, longest_answer
from fledge.serve.models.registry import Model, ServedModel

LONGEST_ANSWER = 4_096
"""Tokens that are held for an upstream's answer where nothing limits it."""


def usual_of(model: Model, given: SamplingParams) -> SamplingParams:
    """Return what is set in `given`, which is the server's, else what suits the model.

    Answers that repeat themselves are ended unless a request, or `given`, wants them.
    """
    if isinstance(model, ServedModel):
        recommended, longest = model.recommended, longest_answer(model.context_length)
    else:
        recommended, longest = NOTHING_RECOMMENDED, model.context_length or LONGEST_ANSWER
    return chat_sampling(recommended, given, longest)


def in_effect(model: Model, usual: SamplingParams) -> dict[str, object] | None:
    """Return the values that empty number boxes stand for; None is off, or another server's."""
    if not isinstance(model, ServedModel):
        return None
    shown = {"temperature", "top_p", "top_k", "min_p", "seed"}
    longest = min(usual.max_new_tokens, model.context_length)
    return {**usual.model_dump(include=shown), "max_tokens": longest}
