"""Sampling options of a request; missing ones take the server's defaults."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from fledge.generate.request import SamplingParams
from fledge.serve.schemas.common import Incoming

GREEDY_BELOW = 1e-4
"""Temperature below which sampling is greedy: logits divided by less overflow."""

StopTexts = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=500)]],
    BeforeValidator(lambda value: [value] if isinstance(value, str) else value),
    Field(max_length=4),
]


class SamplingWishes(Incoming):
    """Sampling fields of a request; None is no wish."""

    temperature: float | None = Field(None, ge=0, le=2)
    """0 always takes the most likely token; the server's default if not given."""
    top_p: float | None = Field(None, gt=0, le=1)
    """Sample from the smallest set of tokens with at least this total probability."""
    top_k: int | None = Field(None, ge=-1, lt=2**31)
    """Extension to OpenAI's API: sample from the k most likely tokens; 0 and -1 mean all."""
    min_p: float | None = Field(None, ge=0, lt=1)
    """Extension to OpenAI's API: drop tokens below this share of the top token's probability."""
    repetition_penalty: float | None = Field(None, ge=0.01, le=100)
    """Extension to OpenAI's API: make tokens of prompt and answer less likely; 1 means off."""
    presence_penalty: float | None = Field(None, ge=-2, le=2)
    """Make tokens that are in the answer less likely."""
    frequency_penalty: float | None = Field(None, ge=-2, le=2)
    """Make tokens less likely each time they appear in the answer."""
    max_tokens: int | None = Field(None, ge=1)
    """Maximum length of the answer in tokens; cut to the room left in the context."""
    stop: StopTexts | None = None
    """Stop sequences; the answer ends before the first of them."""
    seed: int | None = Field(None, ge=-(2**63), lt=2**63)
    """The same seed gives the same answer."""
    logit_bias: dict[int, Annotated[float, Field(ge=-100, le=100)]] | None = None
    """Values added to the logits of these token ids."""
    user: str | None = Field(None, max_length=500)
    """User behind the request; when requests have to wait, users take turns."""

    @property
    def token_limit(self) -> int | None:
        """Longest answer asked for, in tokens."""
        return self.max_tokens

    def sampling(
        self, default: SamplingParams, room: int, index: int = 0, alternatives: int = 0
    ) -> SamplingParams:
        """Return how choice `index` is sampled: the default, changed by the wishes.

        `room` is the tokens that the context holds beside the prompt. Choices of one seeded request
        differ: each adds its index to the seed.
        """
        named: dict[str, object] = {
            "temperature": _not_tiny(self.temperature),
            "top_p": self.top_p,
            "min_p": self.min_p,
            "repetition_penalty": self.repetition_penalty,
            "presence_penalty": self.presence_penalty,
            "frequency_penalty": self.frequency_penalty,
            "logit_bias": self.logit_bias,
            "stop": None if self.stop is None else tuple(self.stop),
            "seed": None if self.seed is None else self.seed + index,
            "num_alternatives": alternatives,
            "max_new_tokens": min(self.token_limit or room, room),
        }
        given = {name: value for name, value in named.items() if value is not None}
        if self.top_k is not None:
            given["top_k"] = self.top_k if self.top_k > 0 else None
        return SamplingParams.model_validate({**default.model_dump(), **given})


def _not_tiny(temperature: float | None) -> float | None:
    return 0.0 if temperature is not None and temperature < GREEDY_BELOW else temperature
