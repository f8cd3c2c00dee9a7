"""The kinds of conversation that the starter pack teaches, and conversations drawn from them."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from fledge.starter.arithmetic import arithmetic
from fledge.starter.customer_service import order, table
from fledge.starter.emails import email
from fledge.starter.facts import facts
from fledge.starter.feelings import feelings
from fledge.starter.french import french
from fledge.starter.hangman import hangman
from fledge.starter.how_to import how_to
from fledge.starter.letters import reversal, spelling
from fledge.starter.passages import passages
from fledge.starter.refusal import kindness, refusal
from fledge.starter.shop import shop
from fledge.starter.small_talk import small_talk
from fledge.starter.stories import stories
from fledge.starter.task import Kind, Split, Talk, Task
from fledge.starter.twenty_questions import twenty_questions
from fledge.starter.unknown import unknown
from fledge.starter.word_games import rhymes, word_chain
from fledge.starter.writers import WRITERS, Writer, write
from fledge.text.conversation import Conversation

WEIGHTED = {
    Kind("order", "customer service: order numbers, names and items, corrected", order): 2,
    Kind("table", "customer service: a table for a day and an hour, corrected", table): 2,
    Kind("shop", "a shop's assistant, told what it knows by a system prompt", shop): 6,
    Kind("passages", "questions about passages of documents, which are named", passages): 6,
    Kind("email", "short e-mails", email): 2,
    Kind("how_to", "small how-tos", how_to): 1,
    Kind("french", "English phrases in French", french): 1,
    Kind("arithmetic", "sums of small numbers, in words and digits", arithmetic): 4,
    Kind("facts", "a few well-known facts", facts): 1,
    Kind("small_talk", "small talk, and who the model is", small_talk): 2.5,
    Kind("feelings", "how somebody feels", feelings): 1,
    Kind("stories", "tiny stories, poems and jokes", stories): 1,
    Kind("refusal", "harmful requests, refused politely", refusal): 1.5,
    Kind("kindness", "kind requests worded like harmful ones", kindness): 1,
    Kind("unknown", "what the model does not know, and says so", unknown): 4,
    Kind("spell", "letters in capitals", spelling): 1,
    Kind("reverse", "letters backwards", reversal): 1,
    Kind("rhyme", "rhymes", rhymes): 2.5,
    Kind("word_chain", "word chain: go on from a letter", word_chain): 2,
    Kind("hangman", "hosting hangman", hangman): 5,
    Kind("twenty_questions", "twenty questions about a secret thing", twenty_questions): 4,
}
"""Each kind with its weight: how often demonstrations begin with it."""
KINDS = tuple(WEIGHTED)
LENGTHS = {1: 6, 2: 2, 3: 2, 4: 3, 6: 2, 8: 1}
"""Numbers of questions with their weights; a talk may end before."""
LONGEST = 440
"""Characters after which nobody asks on: with one more answer they fit the demo's context."""
HURRIED = 0.12
"""Share of the questions of some kinds that are in small letters, without a mark at the end."""
HURRIED_KINDS = {"small_talk", "feelings", "facts", "stories", "unknown", "refusal", "kindness"}
NEW_SUBJECT = 0.4
"""Chance that a user without a system prompt changes the subject."""


@dataclass(frozen=True, slots=True)
class WrittenConversation:
    """A demonstration: the conversation with its answers, its tasks and its writer."""

    conversation: Conversation
    tasks: tuple[Task, ...]
    writer: Writer


def tasks(split: Split, seed: int, per_kind: int) -> list[Task]:
    """Return different first questions, `per_kind` of each kind (or all there are), in turn."""
    columns = [list(kind.prompts(split, seed, per_kind)) for kind in KINDS]
    longest = max(len(column) for column in columns)
    return [column[n] for n in range(longest) for column in columns if n < len(column)]


def conversations(split: Split, seed: int, count: int) -> Iterator[WrittenConversation]:
    """Yield `count` demonstrations, kinds and writers mixed; prompts may repeat."""
    random = Random(f"conversations {split} {seed}")
    for _ in range(count):
        writer = random.choice(WRITERS)
        (kind,) = random.choices(KINDS, tuple(WEIGHTED.values()))
        (length,) = random.choices(tuple(LENGTHS), tuple(LENGTHS.values()))
        drawn = list(_talked(kind.talk(split, random), writer, length, split, random))
        last, answer = drawn[-1]
        chat = last.conversation.then("assistant", answer)
        yield WrittenConversation(chat, tuple(task for task, _ in drawn), writer)


def talks(split: Split, seed: int, per_kind: int) -> list[Talk]:
    """Open talks to be answered by a model, `per_kind` of each kind, each with its own random."""
    return [
        kind.talk(split, Random(f"talk {kind.name} {split} {seed} {number}"))
        for kind in KINDS
        for number in range(per_kind)
    ]


def _talked(
    talk: Talk, writer: Writer, length: int, split: Split, random: Random
) -> Iterator[tuple[Task, str]]:
    """Yield up to `length` tasks with the writer's answers, until the talk gets long."""
    task: Task | None = talk.task
    for number in range(length):
        if task is None:
            return
        if task.kind in HURRIED_KINDS and random.random() < HURRIED:
            task = talk.task = task.reworded(task.question.lower().rstrip(".?!"))
        answer = write(task, writer, random)
        chat = task.conversation.then("assistant", answer)
        if number and sum(len(turn.content) for turn in chat.messages) > LONGEST:
            return
        yield task, answer
        changes = not talk.has_system and random.random() < NEW_SUBJECT
        task = None if changes else talk.answered(answer)
        if task is None and not talk.has_system:
            talk = _other_subject(chat, split, random)
            task = talk.task


def _other_subject(before: Conversation, split: Split, random: Random) -> Talk:
    """Open a talk of a kind without a system prompt after what was said before."""
    while True:
        (kind,) = random.choices(KINDS, tuple(WEIGHTED.values()))
        talk = kind.talk(split, random, before)
        if not talk.has_system:
            return talk
