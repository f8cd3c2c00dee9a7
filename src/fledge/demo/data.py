"""Data of the demo's stages: text, demonstrations, prompts, and rankings of sampled answers."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from fledge.checkpoint.model_files import LoadedModel
from fledge.demo.config import DemoConfig
from fledge.demo.runs import DemoFiles
from fledge.evaluate.answers import Answered, answer_tasks, judged
from fledge.feedback.records import Ranking
from fledge.files import write_text
from fledge.generate.request import SamplingParams
from fledge.starter.corpus import documents, vocabulary_texts
from fledge.starter.gold import agreement, rank
from fledge.starter.kinds import KINDS, conversations, tasks
from fledge.starter.task import Task
from fledge.text.decoding import lines_of

LABELER = "gold"


@dataclass(frozen=True, slots=True)
class RankedAnswers:
    """Prompts with K answers each, and the noisy labeller's rankings of them."""

    answered: list[list[Answered]]
    rankings: list[Ranking]

    def ceiling(self) -> tuple[float, int]:
        """Return the gold rule's accuracy on the noisy labels, and the number of pairs."""
        counts = [
            agreement(group[0].task, [each.answer for each in group], ranking)
            for group, ranking in zip(self.answered, self.rankings, strict=True)
        ]
        right, pairs = sum(count[0] for count in counts), sum(count[1] for count in counts)
        return right / max(1, pairs), pairs


def write_texts(files: DemoFiles, seed: int, config: DemoConfig) -> None:
    """Write the corpus and the tokenizer's texts; existing files are kept."""
    if files.text.exists() and files.vocabulary_text.exists():
        return
    texts = list(documents(seed=seed, every=config.text_every))
    _write_lines(files.text, ({"text": text} for text in texts))
    vocabulary = vocabulary_texts(texts, seed)
    _write_lines(files.vocabulary_text, ({"text": text} for text in vocabulary))


def write_conversations(files: DemoFiles, seed: int, config: DemoConfig) -> None:
    """Write demonstrations and PPO's prompts; existing files are kept."""
    if not files.demonstrations.exists():
        written = conversations("train", seed, config.demonstrations)
        chats = ({"messages": each.conversation.records()} for each in written)
        _write_lines(files.demonstrations, chats)
    if not files.prompts.exists():
        asked = ranked_tasks(seed, config)
        _write_lines(files.prompts, ({"messages": task.conversation.records()} for task in asked))


def ranked_tasks(seed: int, config: DemoConfig) -> list[Task]:
    """Return the training prompts whose answers are ranked: the last questions of talks."""
    written = conversations("train", seed + 1, config.ranked_prompts)
    return [each.tasks[-1] for each in written]


def held_out_last_tasks(seed: int, config: DemoConfig) -> list[Task]:
    """Return held-out prompts drawn as `ranked_tasks` draws them: last questions of talks."""
    count = config.held_out_per_kind * len(KINDS)
    return [each.tasks[-1] for each in conversations("held_out", seed, count)]


def held_out_tasks(seed: int, config: DemoConfig) -> list[Task]:
    """Return held-out first questions of every kind, the kinds in turn."""
    return tasks("held_out", seed, config.held_out_per_kind)


def rank_answers(
    loaded: LoadedModel, asked: Sequence[Task], seed: int, config: DemoConfig
) -> RankedAnswers:
    """Sample K answers to each task and let the labeller rank them."""
    repeated = [task for task in asked for _ in range(config.answers)]
    sampling = sampling_of(config)
    groups = grouped(answer_tasks(loaded, repeated, sampling, seed), config.answers)
    return ranked(groups, seed, config)


def sampling_of(config: DemoConfig) -> SamplingParams:
    """Return the sampling of all answers: at one temperature, without a filter."""
    return SamplingParams(temperature=config.temperature, max_new_tokens=config.max_new_tokens)


def ranked(groups: list[list[Answered]], seed: int, config: DemoConfig) -> RankedAnswers:
    """Rank answers that were sampled before; the same seed gives the same rankings."""
    random = Random(f"labeller {seed}")
    rankings = [
        rank(group[0].task, [each.answer for each in group], config.noise, random, LABELER)
        for group in groups
    ]
    return RankedAnswers(groups, rankings)


def grouped(answered: Sequence[Answered], size: int) -> list[list[Answered]]:
    """Group the answers by prompt, `size` to each."""
    return [list(answered[start : start + size]) for start in range(0, len(answered), size)]


def write_answers(path: Path, groups: Sequence[Sequence[Answered]]) -> None:
    """Write sampled answers as ids, one answer per line."""
    _write_lines(
        path,
        (
            {"prompt": list(each.prompt_ids), "answer": list(each.answer_ids)}
            for group in groups
            for each in group
        ),
    )


def read_answers(
    path: Path, asked: Sequence[Task], loaded: LoadedModel, config: DemoConfig
) -> list[list[Answered]]:
    """Read the answers that `write_answers` wrote for these tasks, and judge them anew."""
    lines = [json.loads(line) for line in lines_of(path.read_text(encoding="utf-8"))]
    repeated = [task for task in asked for _ in range(config.answers)]
    answered = [
        judged(task, line["prompt"], line["answer"], loaded)
        for task, line in zip(repeated, lines, strict=True)
    ]
    return grouped(answered, config.answers)


def write_rankings(path: Path, rankings: Iterable[Ranking]) -> None:
    """Write rankings as JSONL, without those that tie all answers: they teach nothing."""
    lines = (
        ranking.model_dump(mode="json", exclude_none=True)
        for ranking in rankings
        if len(ranking.ranking) > 1
    )
    _write_lines(path, lines)


def _write_lines(path: Path, records: Iterable[Mapping[str, object]]) -> None:
    write_text(path, "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records))
