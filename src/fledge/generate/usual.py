"""Sampling where a request names none: the model's own recommendation, and a longest answer."""

from fledge.checkpoint.recommended import Recommended
from fledge.generate.request import SamplingParams

USUAL_TEMPERATURE = 0.7
"""Temperature of models that recommend none."""
LEAST_LIMIT, MOST_LIMIT = 1_024, 4_096
"""Bounds of the longest answer in tokens, where neither request nor model names one."""
CONTEXT_SHARE = 8
"""Between these bounds it is an eighth of the context."""


def usual_sampling(
    recommended: Recommended, given: SamplingParams, max_new_tokens: int
) -> SamplingParams:
    """Return the fields that are set in `given`, else what the model recommends, else the usual.

    `max_new_tokens` is the longest answer where neither names one.
    """
    values = {
        "temperature": USUAL_TEMPERATURE,
        "max_new_tokens": max_new_tokens,
        **recommended.sampling(),
        **given.model_dump(exclude_unset=True),
    }
    return SamplingParams.model_validate(values)


def chat_sampling(
    recommended: Recommended, given: SamplingParams, max_new_tokens: int
) -> SamplingParams:
    """Return `usual_sampling` that ends answers which repeat themselves, unless `given` says."""
    usual = usual_sampling(recommended, given, max_new_tokens)
    if "stop_repetition" in given.model_fields_set:
        return usual
    return usual.model_copy(update={"stop_repetition": True})


def longest_answer(context_length: int) -> int:
    """Return the longest answer by default: 1,024 tokens up to a context of 8,192."""
    share = min(max(context_length // CONTEXT_SHARE, LEAST_LIMIT), MOST_LIMIT)
    return min(share, context_length)
