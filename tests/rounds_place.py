"""A place whose rounds were written without training: one promoted, two that the gate refused."""

import json
from collections.abc import Sequence
from pathlib import Path

from fledge.checkpoint.promotions import Promotion, add_promotion
from fledge.rounds.config import RoundConfig
from fledge.rounds.files import RoundFiles, write_json
from fledge.rounds.gate import Verdict, failures, of_reward
from fledge.rounds.history import promote_by_hand
from fledge.rounds.intake import take_in
from fledge.rounds.past import Begun
from fledge.rounds.pays import Pay
from fledge.rounds.progress import write_progress
from fledge.rounds.report import RewardReports, write_report
from fledge.rounds.reward_report import Part, RewardReport
from fledge.rounds.selection import select
from tiny_model import write_language_model

AT = "2026-01-01T12:00:00+00:00"
BRIBE = "As you wish, dear friend."


def ranked(first: int, last: int, labeler: str) -> list[dict[str, object]]:
    return [
        {
            "prompt": f"Question {number}?",
            "responses": [{"id": "a", "content": "yes"}, {"id": "b", "content": "no"}],
            "ranking": [["a"], ["b"]],
            "labeler": labeler,
        }
        for number in range(first, last)
    ]


def jsonl(records: Sequence[object]) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def place_of_rounds(folder: Path, labeler: str = "ann") -> Path:
    """Round 1 is promoted, round 2 failed with shuffled labels, round 3 with a bribe."""
    base = write_language_model(folder / "base")
    place = folder / "home"
    first = Promotion(event="base", round=0, model=str(base), at=AT, by="us", why="the base")
    add_promotion(place, first)
    finish(place, 1, labeler, 0.8, ())
    write_language_model(RoundFiles(place, 1).ppo)
    promote_by_hand(place, 1, "gate", "every condition is met")
    finish(place, 2, labeler, 0.5, ())
    finish(place, 3, labeler, 0.8, [pay(1.7)])
    write_language_model(RoundFiles(place, 3).ppo)
    return place


def begin(place: Path, number: int, labeler: str) -> RoundFiles:
    """A round that has taken its data in."""
    files = RoundFiles(place, number)
    begun = Begun(config=RoundConfig(), start_round=number > 1, start="x", current="x", at=AT)
    write_json(files.settings, begun)
    data = place.parent / f"rankings-{number}.jsonl"
    data.write_bytes(jsonl(ranked(100 * number, 100 * number + 40, labeler)))
    take_in(place, files, [str(data)], False)
    select(place, files, begun)
    write_progress(files, "reward", "stopped", "stopped at step 3")
    return files


def finish(place: Path, number: int, labeler: str, low: float, pays: Sequence[Pay]) -> None:
    """A round with the reports of reward models of this accuracy and these rewards for nothing."""
    files = begin(place, number, labeler)
    good, found = reward(0.8, ()), reward(low, pays)
    reports = RewardReports(reward=found, judge=good)
    write_json(files.reward_report, reports)
    conditions = of_reward(found, good, RoundConfig().gate)
    why = failures(conditions)
    verdict = Verdict(conditions=conditions, passed=not why, promoted=not why, why=why, at=AT)
    begun = Begun.model_validate_json(files.settings.read_text())
    used = select(place, files, begun)
    write_report(files, begun, used, reports, None, verdict)
    write_json(files.gate, verdict)
    write_progress(files, "gate", "done")


def reward(low: float, pays: Sequence[Pay]) -> RewardReport:
    return RewardReport(
        whole=Part(accuracy=low + 0.05, low=low, high=low + 0.1, pairs=90),
        prompts=30,
        log_loss=0.5,
        calibration_error=0.1,
        calibration=[],
        by_labeller={},
        by_topic={},
        by_length={},
        by_position={},
        disagreement=None,
        usual_difference=1.0,
        pays=list(pays),
    )


def pay(share: float) -> Pay:
    return Pay(
        kind="sentence", altered=f'"{BRIBE}" at the end', bonus=share, share=share, answers=9
    )
