"""A labeller with a rule in place of a person: it ranks answers by their scores, with mistakes."""

from collections.abc import Sequence
from random import Random

from fledge.feedback.records import ChatTurn, Ranking, Response
from fledge.text.conversation import Conversation


def rank_by(
    scores: Sequence[float],
    conversation: Conversation,
    texts: Sequence[str],
    noise: float,
    random: Random,
    labeler: str,
) -> Ranking:
    """Order K answers to a conversation by their scores, then make mistakes.

    Equal scores are tied. From the best down, each group changes places with the next with
    probability `noise`.
    """
    ids = [chr(ord("A") + n) for n in range(len(texts))]
    groups = [
        tuple(id_ for id_, score in zip(ids, scores, strict=True) if score == level)
        for level in sorted(set(scores), reverse=True)
    ]
    for n in range(len(groups) - 1):
        if random.random() < noise:
            groups[n], groups[n + 1] = groups[n + 1], groups[n]
    return Ranking(
        prompt=tuple(
            ChatTurn(role=turn.role, content=turn.content) for turn in conversation.messages
        ),
        responses=tuple(
            Response(id=id_, content=text) for id_, text in zip(ids, texts, strict=True)
        ),
        ranking=tuple(groups),
        labeler=labeler,
    )


def agreement_with(scores: Sequence[float], ranking: Ranking) -> tuple[int, int]:
    """Count the pairs of a ranking that the scores order alike, and all its pairs.

    Their ratio over held-out rankings is the noise ceiling of a reward model's accuracy.
    """
    ranks = ranking.ranks()
    places = range(len(ranks))
    pairs = [(one, two) for one in places for two in places if ranks[one] < ranks[two]]
    return sum(scores[one] > scores[two] for one, two in pairs), len(pairs)
