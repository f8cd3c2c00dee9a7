"""Turn prompts into answers: sampling and the engine with continuous batching.

Requests and their results are exported here; `engine`, `respond` and `text` need torch and are
imported by name.
"""

from fledge.generate.request import (
    Completion,
    FinishReason,
    Request,
    SamplingParams,
    TokenEvent,
)

__all__ = ["Completion", "FinishReason", "Request", "SamplingParams", "TokenEvent"]
