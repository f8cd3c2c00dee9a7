"""The kinds of conversation that the starter pack teaches, and conversations drawn from them."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from fledge.starter.arithmetic import draw_arithmetic
from fledge.starter.customer_service import draw_order, draw_table
from fledge.starter.emails import draw_email
from fledge.starter.french import draw_french
from fledge.starter.how_to import draw_how_to
from fledge.starter.letters import draw_hangman, draw_reverse, draw_spell
from fledge.starter.refusal import draw_refusal
from fledge.starter.shop import draw_shop
from fledge.starter.small_talk import draw_small_talk
from fledge.starter.task import Kind, Split, Task
from fledge.starter.word_games import draw_chain, draw_rhyme, draw_twenty
from fledge.starter.writers import WRITERS, Writer, write
from fledge.text.conversation import Conversation

KINDS = (
    Kind("order", "customer service: order numbers, names and items", draw_order),
    Kind("table", "customer service: a table for a day and an hour", draw_table),
    Kind("shop", "a shop's assistant, told what it knows by a system prompt", draw_shop),
    Kind("email", "short e-mails", draw_email),
    Kind("how_to", "small how-tos", draw_how_to),
    Kind("french", "English phrases in French", draw_french),
    Kind("arithmetic", "sums in words", draw_arithmetic),
    Kind("small_talk", "small talk, and who the model is", draw_small_talk),
    Kind("refusal", "offensive requests, refused politely", draw_refusal),
    Kind("spell", "letters in capitals", draw_spell),
    Kind("reverse", "letters backwards", draw_reverse),
    Kind("rhyme", "rhymes", draw_rhyme),
    Kind("word_chain", "word chain: go on from a letter", draw_chain),
    Kind("hangman", "hosting hangman", draw_hangman),
    Kind("twenty_questions", "twenty questions about a secret thing", draw_twenty),
)

# One demonstration in this many has a second question, so that the model learns to chat on.
FOLLOW_UP_EVERY = 4


@dataclass(frozen=True, slots=True)
class WrittenConversation:
    """A demonstration: the conversation with its answers, its tasks and its writer."""

    conversation: Conversation
    tasks: tuple[Task, ...]
    writer: Writer


def tasks(split: Split, seed: int, per_kind: int) -> list[Task]:
    """Return different prompts, `per_kind` of each kind (or all there are), the kinds in turn."""
    columns = [list(kind.prompts(split, seed, per_kind)) for kind in KINDS]
    longest = max(len(column) for column in columns)
    return [column[n] for n in range(longest) for column in columns if n < len(column)]


def conversations(split: Split, seed: int, count: int) -> Iterator[WrittenConversation]:
    """Yield `count` demonstrations, kinds and writers evenly mixed; prompts may repeat."""
    random = Random(f"conversations {split} {seed}")
    for _ in range(count):
        writer = random.choice(WRITERS)
        task = random.choice(KINDS).draw(split, random)
        chat = task.conversation.then("assistant", write(task, writer, random))
        drawn = [task]
        if random.randrange(FOLLOW_UP_EVERY) == 0:
            after = _without_system(split, random)
            chat = chat.then("user", after.question)
            chat = chat.then("assistant", write(after, writer, random))
            drawn.append(after)
        yield WrittenConversation(chat, tuple(drawn), writer)


def _without_system(split: Split, random: Random) -> Task:
    """Draw a task without a system prompt: its question stands on its own."""
    while True:
        task = random.choice(KINDS).draw(split, random)
        if len(task.conversation.messages) == 1:
            return task
