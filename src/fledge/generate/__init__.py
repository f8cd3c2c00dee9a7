"""From a prompt to an answer: sampling and the engine with continuous batching.

What is asked and answered is here; `engine`, `respond` and `text` need torch and are imported by
name.
"""

from fledge.generate.request import (
    Completion,
    FinishReason,
    Request,
    SamplingParams,
    TokenEvent,
)

__all__ = ["Completion", "FinishReason", "Request", "SamplingParams", "TokenEvent"]
