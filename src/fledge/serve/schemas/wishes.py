"""Sampling options of a request; missing ones take the server's defaults."""

from typing import Annotated

from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field

from fledge.generate.request import GREEDY_BELOW, SamplingParams
from fledge.serve.schemas.common import Incoming


def _stop_texts(value: object) -> object:
    """Return one text as a list, and drop empty texts, which clients send for "none"."""
    texts = [value] if isinstance(value, str) else value
    return [text for text in texts if text != ""] if isinstance(texts, list) else texts


StopTexts = Annotated[
    list[Annotated[str, Field(max_length=500)]],
    Field(max_length=4),
    BeforeValidator(_stop_texts, json_schema_input_type=str | list[str]),
]
NO_LIMIT = -1
TokenLimit = Annotated[
    int | None, AfterValidator(lambda limit: NO_LIMIT if limit is not None and limit < 1 else limit)
]
"""Most tokens of an answer; 0 and -1, as clients send for "no limit", become `NO_LIMIT`."""
Seed = Annotated[int | None, AfterValidator(lambda seed: None if seed == -1 else seed)]
"""Seed of an answer; -1, as llama.cpp has it for "any", becomes None."""


MOST_BIASES = 1_024


def _few(value: object) -> object:
    """Refuse too many entries before any of them is read: each wrong one has an error."""
    if isinstance(value, dict) and len(value) > MOST_BIASES:
        raise ValueError(f"expected at most {MOST_BIASES:,} tokens, found {len(value):,}")
    return value


LogitBias = Annotated[dict[int, Annotated[float, Field(ge=-100, le=100)]], BeforeValidator(_few)]


class SamplingWishes(Incoming):
    """Sampling fields of a request; None is no wish."""

    temperature: float | None = Field(None, ge=0, le=2)
    """0 always takes the most likely token; the server's default if not given."""
    top_p: float | None = Field(None, ge=0, le=1)
    """Sample from the smallest set of tokens with at least this total probability; 0 always takes
    the most likely token."""
    top_k: int | None = Field(None, ge=-1, lt=2**31)
    """Extension to OpenAI's API: sample from the k most likely tokens; 0 and -1 mean all."""
    min_p: float | None = Field(None, ge=0, le=1)
    """Extension to OpenAI's API: drop tokens below this share of the top token's probability."""
    repetition_penalty: float | None = Field(
        None,
        ge=0.01,
        le=100,
        validation_alias=AliasChoices("repetition_penalty", "repeat_penalty"),
    )
    """Extension to OpenAI's API, also as `repeat_penalty`: make tokens of prompt and answer less
    likely; 1 means off."""
    presence_penalty: float | None = Field(None, ge=-2, le=2)
    """Make tokens that are in the answer less likely."""
    frequency_penalty: float | None = Field(None, ge=-2, le=2)
    """Make tokens less likely each time they appear in the answer."""
    max_tokens: TokenLimit = Field(None, ge=-1)
    """Maximum length of the answer in tokens; cut to the room left in the context, which is the
    limit where it is 0 or -1. If not given, what the model recommends, or 1,024; of a context
    beyond 8,192 tokens an eighth, at most 4,096."""
    stop_repetition: bool | None = None
    """Extension to OpenAI's API: end an answer that repeats the same words, lines or verses again
    and again; true if not given."""
    stop: StopTexts | None = None
    """Stop sequences; the answer ends before the first of them. Empty ones are left out."""
    seed: Seed = Field(None, ge=-(2**63), lt=2**63)
    """The same seed gives the same answer; -1 draws a new one."""
    logit_bias: LogitBias | None = None
    """Values added to the logits of these token ids."""
    user: str | None = Field(None, max_length=500)
    """User behind the request; when requests have to wait, users take turns."""

    @property
    def token_limit(self) -> int | None:
        """Longest answer asked for, in tokens; None where no length is named."""
        return next((limit for limit in self.limits if limit != NO_LIMIT), None)

    @property
    def is_unlimited(self) -> bool:
        """True where the request asks for as much as the context holds."""
        return self.token_limit is None and bool(self.limits)

    @property
    def limits(self) -> list[int]:
        """Limits that the request names, under any of their names."""
        return [] if self.max_tokens is None else [self.max_tokens]

    def longest(self, default: SamplingParams, room: int) -> int:
        """Return the longest answer in tokens, where `room` are left in the context."""
        limit = room if self.is_unlimited else self.token_limit or default.max_new_tokens
        return min(limit, room)

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
            "stop_repetition": self.stop_repetition,
            "max_new_tokens": self.longest(default, room),
        }
        given = {name: value for name, value in named.items() if value is not None}
        if self.top_k is not None:
            given["top_k"] = self.top_k if self.top_k > 0 else None
        return SamplingParams.model_validate({**default.model_dump(), **given})


def _not_tiny(temperature: float | None) -> float | None:
    return 0.0 if temperature is not None and temperature < GREEDY_BELOW else temperature
