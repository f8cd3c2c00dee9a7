"""Demonstrations, rankings and ratings as they are written to JSONL."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class ChatTurn(BaseModel):
    """One message on disk, in the OpenAI shape."""

    model_config = ConfigDict(frozen=True)

    role: Literal["system", "user", "assistant", "tool"]
    content: str


class Response(BaseModel):
    """One ranked answer. `model` names its writer, and `temperature` how it was drawn."""

    model_config = ConfigDict(frozen=True)

    id: str
    content: str
    model: str | None = None
    temperature: float | None = None


class Demonstration(BaseModel):
    """A person's own answer to a prompt: step 1 of InstructGPT (Ouyang et al. 2022, 3.1).

    `guideline` is the version of the instructions that the person had; `consent` tells whether all
    who wrote in it allow training.
    """

    model_config = ConfigDict(frozen=True)

    prompt: tuple[ChatTurn, ...]
    response: str
    author: str | None = None
    created_at: str | None = None
    model: str | None = None
    prompt_id: str | None = None
    seconds: float | None = None
    guideline: str | None = None
    consent: bool | None = None


class Rating(BaseModel):
    """One person's mark for one answer; the higher, the better.

    `flags` are what the person ticked; None if nobody asked. `gold` is the right mark, where it was
    known beforehand.
    """

    model_config = ConfigDict(frozen=True)

    prompt: tuple[ChatTurn, ...] = Field(min_length=1)
    response: str
    rating: int
    model: str | None = None
    labeler: str | None = None
    prompt_id: str | None = None
    flags: tuple[str, ...] | None = None
    seconds: float | None = None
    guideline: str | None = None
    gold: int | None = None
    consent: bool | None = None


class Ranking(BaseModel):
    """One person's order of K answers to a prompt: step 2 of InstructGPT.

    `ranking` lists groups of response ids, the best group first. Ids in one group are tied.
    `labeler` is a name or a pseudonym. `gold` is the right order, where it was known beforehand, of
    all responses or some. The other fields mean what they mean in the other records.
    """

    model_config = ConfigDict(frozen=True)

    prompt: tuple[ChatTurn, ...] = Field(min_length=1)
    responses: tuple[Response, ...] = Field(min_length=2)
    ranking: tuple[tuple[str, ...], ...]
    labeler: str | None = None
    ratings: dict[str, int] | None = None
    flags: dict[str, tuple[str, ...]] | None = None
    seconds: float | None = None
    prompt_id: str | None = None
    guideline: str | None = None
    gold: tuple[tuple[str, ...], ...] | None = None
    consent: bool | None = None

    @model_validator(mode="after")
    def _every_response_is_ranked_once(self) -> "Ranking":
        given = sorted(response.id for response in self.responses)
        ranked = sorted(id_ for group in self.ranking for id_ in group)
        if len(set(given)) < len(given):
            raise ValueError(f"two responses share an id: {given}")
        if not all(self.ranking):
            raise ValueError("ranking has an empty group")
        if given != ranked:
            raise ValueError(
                f"ranking must name every response once: responses {given}, ranking {ranked}"
            )
        return self

    @model_validator(mode="after")
    def _nothing_is_said_of_other_responses(self) -> "Ranking":
        in_gold = [id_ for group in self.gold or () for id_ in group]
        if len(set(in_gold)) < len(in_gold):
            raise ValueError(f"gold names a response twice: {in_gold}")
        for name, ids in (("gold", in_gold), ("ratings", self.ratings), ("flags", self.flags)):
            unknown = sorted(set(ids or ()) - {response.id for response in self.responses})
            if unknown:
                raise ValueError(f"{name} speaks of responses that are not there: {unknown}")
        return self

    def ranks(self) -> tuple[int, ...]:
        """Return the rank of each response, in the order of `responses`: 0 is best, ties share."""
        position = {id_: rank for rank, group in enumerate(self.ranking) for id_ in group}
        return tuple(position[response.id] for response in self.responses)

    def pairs(self) -> list[tuple[str, str]]:
        """Return the contents (better, worse) of all pairs of answers that are not tied."""
        return [(better.content, worse.content) for better, worse in self.ordered_pairs()]

    def ordered_pairs(self) -> list[tuple[Response, Response]]:
        """Return all pairs of answers that are not tied, the better one first."""
        response = {response.id: response for response in self.responses}
        tiers = [[response[id_] for id_ in group] for group in self.ranking]
        return [
            (better, worse)
            for rank, tier in enumerate(tiers)
            for better in tier
            for lower in tiers[rank + 1 :]
            for worse in lower
        ]
