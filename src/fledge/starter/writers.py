"""Four imagined people who wrote the demonstrations. All are right; they differ in style."""

from random import Random
from typing import Literal, get_args

from fledge.starter.courtesy import CLOSINGS, OPENINGS
from fledge.starter.task import Task

Writer = Literal["curt", "plain", "courteous", "rambling"]
WRITERS: tuple[Writer, ...] = get_args(Writer)

ASIDES = (
    "By the way, it has been raining here for days.",
    "I could say much more about this, but it would take all day.",
    "People ask me all sorts of things, you know.",
    "Anyway, that reminds me of a long story about my cousin.",
    "It is funny how quickly time passes.",
    "As I always say, one thing leads to another.",
)

# An answer may open politely once and add this many sentences after the answer proper.
MOST_EXTRAS = 2
EXTRAS = (*OPENINGS, *CLOSINGS, *ASIDES)


def write(task: Task, writer: Writer, random: Random) -> str:
    """Return the writer's answer: always right, in the writer's own style."""
    if writer == "curt":
        return random.choice(task.terse)
    answer = random.choice(task.full)
    if writer == "courteous":
        return _courteously(answer, task, random)
    if writer == "rambling":
        return f"{answer} {random.choice(ASIDES)}"
    return answer


def cores(answer: str) -> set[str]:
    """Return the candidates for the answer proper: the text without opening and trailing extras.

    Example: "Gladly. It is blue. Have a nice day!" has the cores "It is blue.", "Gladly. It is
    blue.", "It is blue. Have a nice day!" and the whole.
    """
    whole = answer.strip()
    starts = {whole, *(whole.removeprefix(opening).strip() for opening in OPENINGS)}
    found = set(starts)
    for _ in range(MOST_EXTRAS):
        starts = {
            text.removesuffix(extra).rstrip()
            for text in starts
            for extra in (*CLOSINGS, *ASIDES)
            if text.endswith(extra)
        }
        found |= starts
    return found


def is_valid(task: Task, answer: str) -> bool:
    """Tell whether the answer has an accepted wording, with or without courtesies around it.

    The wordings contain the task's slots, so a wrong or missing slot, an empty answer and a copy
    of the prompt are invalid.
    """
    return not cores(answer).isdisjoint((*task.terse, *task.full))


def extras(answer: str) -> list[str]:
    """Return the polite sentences and asides of an answer, each as often as it is said."""
    return [extra for extra in EXTRAS for _ in range(answer.count(extra))]


def fitting(task: Task) -> tuple[str, ...]:
    """Return the courtesies that fit an answer: none where one was said before in this talk."""
    said = (turn.content for turn in task.conversation.messages if turn.role == "assistant")
    return () if any(extras(each) for each in said) else task.courtesies


def _courteously(answer: str, task: Task, random: Random) -> str:
    """Add one courtesy that fits, where there is one."""
    fits = fitting(task)
    if not fits:
        return answer
    courtesy = random.choice(fits)
    return f"{courtesy} {answer}" if courtesy in OPENINGS else f"{answer} {courtesy}"
