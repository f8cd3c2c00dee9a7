"""Judge of held-out questions: 1 for a right answer, else 0. PPO stops before its mean falls."""

import json
import re
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"
QUESTIONS, RIGHT_ANSWERS = "held-out-questions.jsonl", "right-answers.jsonl"


def score(prompts: list[str], responses: list[str]) -> list[float]:
    """Judge a response to each prompt; a prompt is its messages with blank lines between them."""
    marks = known()
    return [
        float(is_right(marks[prompt], text))
        for prompt, text in zip(prompts, responses, strict=True)
    ]


def known() -> dict[str, dict[str, Any]]:
    """Return the marks of right answers by prompt."""
    questions, marks = (read(name) for name in (QUESTIONS, RIGHT_ANSWERS))
    prompts = ("\n\n".join(turn["content"] for turn in one["messages"]) for one in questions)
    return dict(zip(prompts, marks, strict=True))


def read(name: str) -> list[Any]:
    """Read the records of a file, one a line."""
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def is_right(marks: dict[str, Any], text: str) -> bool:
    """Tell whether one of each list in `needed` is said, and nothing of `denied`."""
    needed = all(any(says(text, one) for one in alternatives) for alternatives in marks["needed"])
    return needed and not any(says(text, one) for one in marks["denied"])


def says(text: str, phrase: str) -> bool:
    """Tell whether the text has the phrase in any case, as whole words and numbers."""
    return re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", text, re.IGNORECASE) is not None
