"""Scores of a reward model or a judge for answers that are given as text."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from jaxtyping import Float, Int
from torch import Tensor

from fledge.checkpoint.directory import find_checkpoint
from fledge.checkpoint.model_files import LoadedScalarModel, load_scalar_model
from fledge.data.rendering import RankingRenderer
from fledge.evaluate.replies import Reply
from fledge.feedback.records import Ranking
from fledge.runs.reward_scores import reward_scores
from fledge.runtime.memory import make_room
from fledge.stages.ppo.prompts import prompt_text
from fledge.stages.ppo.reward_functions import RewardFunction
from fledge.stages.reward.data import as_rankings
from fledge.stages.reward.loss import AnswerScores, score_rankings
from fledge.text.conversation import Conversation, Message

Answer = tuple[Conversation, str]
"""A prompt and the text of an answer to it."""


@dataclass(frozen=True)
class Scorer:
    """A reward model with the text side that its answers are rendered by."""

    loaded: LoadedScalarModel

    @classmethod
    def open(cls, run: Path) -> "Scorer":
        """Load the newest model of a run.

        Raises:
            CheckpointError: there is none, or it is damaged.
        """
        return cls(load_scalar_model(find_checkpoint(run)))

    @cached_property
    def renderer(self) -> RankingRenderer:
        """The renderer of prompts with answers."""
        text = self.loaded.renderer
        return RankingRenderer(text.tokenizer, text.template, text.context_length, 9)

    @torch.no_grad()
    def texts(self, answers: Sequence[Answer]) -> Float[Tensor, " N"]:
        """Score answers that end by themselves; a prompt loses its oldest turns if it is long."""
        if not answers:
            return torch.empty(0)
        make_room()
        ids = [self._ids(*each)[: self.renderer.length] for each in answers]
        pad = self.loaded.tokenizer.special.pad
        scores, _ = score_rankings(AnswerScores(self.loaded.model), as_rankings(ids), pad)
        return scores[:, 0].float()

    def replies(self, replies: Sequence[Reply]) -> Float[Tensor, " N"]:
        """Score answers of a model as it wrote them, ended or not."""
        return reward_scores(self.loaded, replies).float().cpu()

    def function(self, prompts: Sequence[Conversation]) -> RewardFunction:
        """Return this model as a function of prompts and responses, for PPO's monitor."""
        known = {prompt_text(one): one for one in prompts}

        def score(texts: list[str], responses: list[str]) -> list[float]:
            pairs = zip(texts, responses, strict=True)
            found: list[float] = self.texts([(known[text], said) for text, said in pairs]).tolist()
            return found

        return score

    def _ids(self, prompt: Conversation, answer: str) -> tuple[int, ...]:
        """Return the longest end of the prompt that fits with the answer."""
        for shorter in prompt.shorter():
            ids = self.renderer.ids(shorter, answer)
            if len(ids) <= self.renderer.length:
                break
        return ids


@dataclass(frozen=True, slots=True)
class Ranked:
    """Rankings with the scores of their answers, in the order of their responses.

    A row with fewer answers than the longest ends with ranks of −1. Lengths are characters.
    """

    rankings: tuple[Ranking, ...]
    scores: Float[Tensor, "B K"]
    ranks: Int[Tensor, "B K"]
    lengths: Int[Tensor, "B K"]


def score_ranked(scorer: Scorer, rankings: Sequence[Ranking]) -> Ranked:
    """Score every answer of all rankings."""
    answers = [answer for ranking in rankings for answer in answers_of(ranking)]
    flat = scorer.texts(answers)
    most = max(len(ranking.responses) for ranking in rankings)
    shape = (len(rankings), most)
    scores, start = torch.zeros(shape), 0
    ranks, lengths = torch.full(shape, -1), torch.zeros(shape, dtype=torch.long)
    for row, ranking in enumerate(rankings):
        count = len(ranking.responses)
        scores[row, :count] = flat[start : start + count]
        ranks[row, :count] = torch.tensor(ranking.ranks())
        sizes = [len(response.content) for response in ranking.responses]
        lengths[row, :count] = torch.tensor(sizes)
        start += count
    return Ranked(tuple(rankings), scores, ranks, lengths)


def answers_of(ranking: Ranking) -> list[Answer]:
    """Return a ranking's prompt with each of its answers."""
    prompt = Conversation(tuple(Message(turn.role, turn.content) for turn in ranking.prompt))
    return [(prompt, response.content) for response in ranking.responses]
