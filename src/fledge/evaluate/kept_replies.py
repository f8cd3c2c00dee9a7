"""Answers of a model that are kept on disk, so that a measurement goes on where it was stopped."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import torch

from fledge.checkpoint.model_files import LoadedModel
from fledge.evaluate.replies import Reply, answer_conversations, reply
from fledge.files import write_text
from fledge.generate.request import SamplingParams
from fledge.runtime.memory import make_room
from fledge.text.conversation import Conversation
from fledge.text.decoding import lines_of

AT_ONCE = 32
"""Answers written at the same time: more would take memory for their caches."""


@torch.inference_mode()
def answers(
    loaded: LoadedModel,
    conversations: Sequence[Conversation],
    sampling: SamplingParams,
    seed: int,
    path: Path,
) -> list[Reply]:
    """Answer conversations, or read the answers that an earlier call wrote to `path`.

    A call that was killed leaves no file; the next one writes the same answers again.
    """
    if not path.is_file():
        make_room()
        replies = answer_conversations(loaded, conversations, sampling, seed, AT_ONCE)
        write_replies(path, replies)
    return read_replies(path, loaded)


def write_replies(path: Path, replies: Sequence[Reply]) -> None:
    """Write replies as ids, one a line."""
    write_lines(
        path,
        ({"prompt": list(each.prompt_ids), "answer": list(each.answer_ids)} for each in replies),
    )


def read_replies(path: Path, loaded: LoadedModel) -> list[Reply]:
    """Read what `write_replies` wrote."""
    lines = [json.loads(line) for line in lines_of(path.read_text(encoding="utf-8"))]
    return [reply(loaded, line["prompt"], line["answer"]) for line in lines if line]


def write_lines(path: Path, records: Iterable[Mapping[str, object]]) -> None:
    """Write one JSON record a line; the file appears whole or not at all."""
    write_text(path, "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in records))
