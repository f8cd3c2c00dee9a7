"""Write a project that starts from a model of others, with sample data of many shops."""

from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from random import Random

from fledge.cli.project import write_lines, write_text
from fledge.demo.real.config import RealDemoConfig
from fledge.demo.real.questions import first_questions
from fledge.feedback.records import Ranking
from fledge.starter.gold import ModelAnswer
from fledge.starter.python_texts import rehearsed_texts
from fledge.starter.shops.checked import lamp_shop_questions
from fledge.starter.shops.conversations import conversations
from fledge.starter.shops.question import ShopQuestion
from fledge.starter.shops.rehearsal import general_prompts
from fledge.starter.shops.score import rank
from fledge.text.conversation import Conversation

TEMPLATE = Path(__file__).parent / "template_model"
SIZES = RealDemoConfig()
"""Sizes of the demo on a real model: the samples are as many."""
# Seeds of the files, apart by more than a seed is likely to be.
RANKED, ASKED, WATCHED = 1_000_000, 2_000_000, 3_000_000
LABELLER_NOISE = 0.1
PREAMBLE = "Thank you for your question! As an assistant, I am happy to tell you the following."
"""Beginning of the long-winded answer in a ranking."""


def write_model_files(directory: Path, seed: int, model: str) -> list[Path]:
    """Write the template and samples; `model` is anything that `fledge import` takes.

    Raises:
        DataError: this Python has no documentation to take plain text from; nothing is written.
    """
    texts = list(rehearsed_texts(seed, SIZES.text_characters))
    data = directory / "data"
    data.mkdir(parents=True)
    (directory / "texts").mkdir()
    settings = (TEMPLATE / "fledge.toml").read_text(encoding="utf-8")
    written = [write_text(directory / "fledge.toml", settings.replace('"MODEL"', quoted(model)))]
    written += [
        write_text(directory / name, (TEMPLATE / name).read_text(encoding="utf-8"))
        for name in ("README.md", "judge.py")
    ]
    policies = lamp_shop_questions()[0].conversation.messages[0].content
    written.append(write_text(directory / "policies.md", policies + "\n"))
    folder = files("fledge.demo.real").joinpath("lamp_shop")
    written += [
        write_text(directory / "texts" / one.name, one.read_text(encoding="utf-8"))
        for one in sorted(folder.iterdir(), key=lambda each: each.name)
    ]
    return written + write_samples(data, seed, texts)


def write_samples(data: Path, seed: int, texts: Sequence[str]) -> list[Path]:
    """Write a sample of every data file, drawn from random shops, and plain texts."""
    watched = first_questions(WATCHED + seed, SIZES.watched, "held_out")
    chats = (one.conversation for one in conversations(seed, SIZES.demonstrations))
    num_asked = SIZES.ppo_rollouts * SIZES.ppo_answers
    asked = (one.conversation for one in first_questions(ASKED + seed, num_asked, "train"))
    samples: dict[str, Iterator[dict[str, object]]] = {
        "demonstrations": map(messages, chats),
        "rankings": (one.model_dump(exclude_none=True) for one in rankings(seed)),
        "questions": map(messages, asked),
        "held-out-questions": (messages(one.conversation) for one in watched),
        "right-answers": map(marks, watched),
        "other-prompts": map(messages, general_prompts()),
        "texts": ({"text": one} for one in texts),
    }
    return [write_lines(data / f"{name}.jsonl", records) for name, records in samples.items()]


def rankings(seed: int) -> Iterator[Ranking]:
    """Yield rankings of a right answer, a long-winded one and two to other questions."""
    random = Random(f"model project {seed}")
    asked = first_questions(RANKED + seed, SIZES.ranked_prompts, "train")
    for question in asked:
        right = question.turn.answer
        others = [one.turn.answer for one in random.sample(asked, 2)]
        texts = [right, f"{PREAMBLE} {right}", *others]
        random.shuffle(texts)
        answers = [ModelAnswer(text, ended=True) for text in texts]
        yield rank(question, answers, random, LABELLER_NOISE)


def messages(conversation: Conversation) -> dict[str, object]:
    """Return a conversation as a record."""
    return {"messages": conversation.records()}


def marks(question: ShopQuestion) -> dict[str, object]:
    """Return the marks of a right answer as a record."""
    turn = question.turn
    return {"needed": [list(one) for one in turn.needed], "denied": list(turn.denied)}


def quoted(text: str) -> str:
    """Write a string in TOML."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
