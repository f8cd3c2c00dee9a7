"""Shops of the demo on a real model: demonstrations, the ranking rule, and the evaluation.

Every shop is random: its name, people, goods, hours, prices and policies stand in its system prompt
alone, so that a model learns to read them there.
"""

from fledge.starter.shops.checked import (
    CheckedQuestion,
    general_questions,
    lamp_shop_questions,
)
from fledge.starter.shops.conversations import ShopConversation, conversations
from fledge.starter.shops.question import ShopQuestion, held_out, questions
from fledge.starter.shops.rehearsal import general_prompts, mixed, rehearsals
from fledge.starter.shops.score import agreement, is_right, rank, score

__all__ = [
    "CheckedQuestion",
    "ShopConversation",
    "ShopQuestion",
    "agreement",
    "conversations",
    "general_prompts",
    "general_questions",
    "held_out",
    "is_right",
    "lamp_shop_questions",
    "mixed",
    "questions",
    "rank",
    "rehearsals",
    "score",
]
