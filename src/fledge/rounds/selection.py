"""Records that the runs of a round read, divided by the shares of their prompts."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from fledge.errors import DataError
from fledge.files import file_hash, write_directory
from fledge.rounds.config import SharesConfig
from fledge.rounds.files import RoundFiles, read_json, write_json
from fledge.rounds.intake import NOBODY, brought
from fledge.rounds.past import USED, Begun, Stage, Used, demonstrations_behind
from fledge.rounds.records import Given, lines_of_records
from fledge.rounds.shares import Share, place_of, share_of
from fledge.text.conversation import Conversation, Message

DEMONSTRATIONS = "demonstrations.jsonl"
HELD_OUT_DEMONSTRATIONS = "held-out-demonstrations.jsonl"
RANKINGS: Mapping[Share, str] = {
    "train": "rankings.jsonl",
    "judge": "judge-rankings.jsonl",
    "held out": "held-out-rankings.jsonl",
}
PROMPTS: Mapping[Share, str] = {
    "train": "prompts.jsonl",
    "judge": "watched-prompts.jsonl",
    "held out": "held-out-prompts.jsonl",
}


def select(place: Path, files: RoundFiles, begun: Begun) -> Used:
    """Write what the runs of a round read; a second call changes nothing.

    Demonstrations are those that the model to start from has not learned yet. Rankings and prompts
    are those of all rounds. Nobody of `begun.left_out` is among them.

    Raises:
        DataError: a share has no ranking or no prompt.
    """
    path = files.used / USED
    if path.is_file():
        return read_json(path, Used)
    records = [each for each in brought(place, files.number) if each.person not in begun.left_out]
    learned = demonstrations_behind(place, begun.start_round)
    new = [each for each in records if each.kind == "demonstrations" and each.digest not in learned]
    shares = begun.config.shares
    contents = {
        DEMONSTRATIONS: lines_of_records(_in_share(new, "train", shares)),
        HELD_OUT_DEMONSTRATIONS: lines_of_records(_in_share(new, "held out", shares)),
    }
    rankings = [each for each in records if each.ranking is not None]
    for share, name in RANKINGS.items():
        decided = [each for each in rankings if each.ranking and len(each.ranking.ranking) > 1]
        contents[name] = lines_of_records(_in_share(decided, share, shares))
    measure = begun.config.measure
    most: dict[Share, int | None] = {
        "train": None,
        "judge": measure.watched,
        "held out": measure.prompts,
    }
    for share, name in PROMPTS.items():
        contents[name] = _prompt_lines(_in_share(records, share, shares), most[share])
    _refuse_empty(contents, rankings)
    people: dict[Stage, dict[str, int]] = {
        "sft": _counted(_in_share(new, "train", shares)),
        "reward": _counted(_in_share(rankings, "train", shares)),
        "judge": _counted(_in_share(rankings, "judge", shares)),
        "ppo": _counted(_in_share(records, "train", shares)),
    }

    def write(directory: Path) -> None:
        for name, text in contents.items():
            (directory / name).write_text(text, encoding="utf-8")
        used = Used(
            files={name: file_hash(directory / name) for name in contents},
            counts={name: text.count("\n") for name, text in contents.items()},
            people=people,
        )
        write_json(directory / USED, used)

    write_directory(files.used, write, "records of the round")
    return read_json(path, Used)


def _in_share(records: Iterable[Given], share: Share, shares: SharesConfig) -> list[Given]:
    return [each for each in records if share_of(each.prompt, shares) == share]


def _prompt_lines(records: Sequence[Given], most: int | None) -> str:
    """Write different prompts that end with somebody else's turn, one a line.

    Of more than `most`, those with the smallest hashes stay, so that later rounds measure on them.
    """
    asked = dict.fromkeys(_asked(each.prompt) for each in records)
    chats = [chat for chat in asked if chat is not None]
    if most is not None:
        chats = sorted(chats, key=lambda chat: place_of(chat.messages))[:most]
    lines = (json.dumps({"messages": chat.records()}, ensure_ascii=False) for chat in chats)
    return "".join(f"{line}\n" for line in lines)


def _asked(prompt: tuple[Message, ...]) -> Conversation | None:
    turns = list(prompt)
    while turns and turns[-1].role in ("assistant", "system"):
        turns.pop()
    # A prompt of PPO is read back without marks, so two that differ in marks are one.
    plain = tuple(Message(turn.role, turn.content, calls=turn.calls) for turn in turns)
    return Conversation(plain) if plain and plain[-1].content.strip() else None


def _counted(records: Sequence[Given]) -> dict[str, int]:
    return dict(sorted(Counter(each.person or NOBODY for each in records).items()))


def _refuse_empty(contents: Mapping[str, str], rankings: Sequence[Given]) -> None:
    counts = {share: contents[name].count("\n") for share, name in RANKINGS.items()}
    empty = [share for share, count in counts.items() if not count]
    if empty:
        shown = ", ".join(f"{share} {count:,}" for share, count in counts.items())
        raise DataError(
            f"expected rankings of prompts in every share, found none in: {', '.join(empty)} "
            f"({shown}; {len(rankings):,} rankings in all). A prompt's share is a hash of it: rank "
            "answers to more prompts"
        )
