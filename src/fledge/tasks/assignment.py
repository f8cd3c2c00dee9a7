"""Who answers which prompt: a fair assignment that a seed fixes."""

from collections.abc import Sequence
from random import Random

from fledge.errors import ConfigError


def assign(num_prompts: int, answers: int, greedy: Sequence[bool], seed: int) -> list[list[int]]:
    """Return the authors of each prompt's answers, by their index in `greedy`.

    Authors of one prompt write equally many of its answers, and those of all prompts equally many
    of all answers; where that does not come out even, one more. Chance decides who is beside whom.
    A greedy author writes at most one answer to a prompt, since its second would be the same. The
    authors of a prompt do not depend on the prompts after it.

    Raises:
        ConfigError: there are fewer authors than answers, and all are greedy.
    """
    if all(greedy) and answers > len(greedy):
        raise ConfigError(
            f"--answers {answers}: expected at most {len(greedy)}, since at temperature 0 a model "
            "has one answer to a prompt; name more models, or a temperature above 0"
        )
    random = Random(f"assignment {seed}")
    total = [0] * len(greedy)
    return [_one(answers, greedy, total, random) for _ in range(num_prompts)]


def _one(answers: int, greedy: Sequence[bool], total: list[int], random: Random) -> list[int]:
    """Choose the authors of one prompt, and count them in `total`."""
    here = [0] * len(total)
    chosen = []
    for _ in range(answers):
        free = [author for author in range(len(total)) if not (greedy[author] and here[author])]
        author = min(free, key=lambda one: (here[one], total[one], random.random()))
        here[author] += 1
        total[author] += 1
        chosen.append(author)
    return chosen
