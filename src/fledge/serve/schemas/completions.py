"""`POST /v1/completions` and `/v1/embeddings` as data; both take texts or ids, one or several."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field, SerializeAsAny

from fledge.serve.schemas.common import Body, StreamOptions, Usage
from fledge.serve.schemas.wishes import SamplingWishes

TokenIds = Annotated[list[Annotated[int, Field(strict=True)]], Field(fail_fast=True)]
Texts = (
    str
    | Annotated[list[str], Field(fail_fast=True)]
    | TokenIds
    | Annotated[list[TokenIds], Field(fail_fast=True)]
)
"""One text or several, each as characters or as ids."""
NumAlternatives = Annotated[
    int | None, BeforeValidator(lambda value: None if value is False else value)
]
"""Number of alternatives to each token; false, as clients of the chat API send it, is none."""


def each_text(texts: Texts) -> list[str | list[int]]:
    """Return the texts one by one."""
    if isinstance(texts, str):
        return [texts]
    numbers = [text for text in texts if isinstance(text, int)]
    if numbers:
        return [numbers]
    return [text for text in texts if not isinstance(text, int)]


class CompletionRequest(SamplingWishes, Body):
    """`POST /v1/completions`."""

    model: str = Field(max_length=500)
    """Id of a model, as listed by `/v1/models`."""
    prompt: Texts | None = None
    """Text to continue; an empty one starts a new text."""
    max_tokens: int | None = Field(16, ge=-1)
    """Maximum length of the continuation in tokens; -1 is the room left in the context, 0 needs
    `echo` and only scores the prompt."""
    stop_repetition: bool | None = False
    """Extension to OpenAI's API: end a continuation that repeats the same words, lines or verses
    again and again; false if not given: texts are continued as they are."""
    n: int | None = Field(None, ge=1, le=16)
    """Number of continuations for each prompt."""
    best_of: int | None = Field(None, ge=1, le=16)
    """Number of continuations to write; the `n` with the best mean log-probability are returned."""
    stream: bool | None = None
    """Stream the continuations as they are written."""
    stream_options: StreamOptions | None = None
    """`include_usage` ends the stream with the token counts."""
    echo: bool | None = None
    """Return the prompt in front of the continuation."""
    logprobs: NumAlternatives = Field(None, ge=0, le=5)
    """Return log-probabilities: those of each token and of this many alternatives."""
    suffix: str | None = None
    """Not supported; refused."""

    @property
    def token_limit(self) -> int | None:
        """Longest continuation in tokens: 16, as OpenAI has it, where null is sent; None for -1."""
        if self.max_tokens is None:
            return 16
        return None if self.max_tokens < 0 else self.max_tokens

    @property
    def wants_usage(self) -> bool:
        """True where a stream ends with the token counts."""
        return self.stream_options is not None and bool(self.stream_options.include_usage)


class CompletionLogprobs(BaseModel):
    """Log-probabilities by token; the first of a text has none. Offsets count characters."""

    tokens: list[str]
    token_logprobs: list[float | None]
    top_logprobs: list[dict[str, float] | None]
    text_offset: list[int]


class CompletionChoice(BaseModel):
    """Continuation, or a chunk of it."""

    index: int
    text: str
    finish_reason: Literal["stop", "length", "content_filter"] | None
    logprobs: CompletionLogprobs | None


class RepeatingCompletionChoice(CompletionChoice):
    """Continuation that was ended because it repeated itself; its finish reason is `length`."""

    stop_reason: Literal["repetition"]
    """Extension to OpenAI's API."""


class Completion(BaseModel):
    """Whole answer, or one event of a stream."""

    id: str
    object: Literal["text_completion"]
    created: int
    model: str
    choices: list[SerializeAsAny[CompletionChoice]]
    usage: Usage | None = None
    system_fingerprint: str


class EmbeddingRequest(Body):
    """`POST /v1/embeddings`."""

    model: str = Field(max_length=500)
    """Id of a model, as listed by `/v1/models`."""
    input: Texts
    """One text or several, each as characters or as token ids."""
    encoding_format: Literal["float", "base64"] | None = None
    """`float` for numbers, `base64` for little-endian 32-bit floats."""
    dimensions: int | None = Field(None, ge=1)
    """Number of dimensions to keep; the vector is scaled to length 1 again."""


class Embedding(BaseModel):
    """Vector of one text."""

    object: Literal["embedding"] = "embedding"
    index: int
    embedding: list[float] | str


class EmbeddingUsage(BaseModel):
    """Tokens read."""

    prompt_tokens: int
    total_tokens: int


class EmbeddingList(BaseModel):
    """Vectors in the order of the texts."""

    object: Literal["list"] = "list"
    data: list[Embedding]
    model: str
    usage: EmbeddingUsage
