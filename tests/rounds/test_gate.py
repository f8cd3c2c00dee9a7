"""Conditions that a round must meet, where a whole round would show no more."""

from pathlib import Path

import pytest

from fledge.checkpoint.promotions import Promotion, add_promotion, now, read_promotions
from fledge.rounds import improve as module
from fledge.rounds.config import GateConfig
from fledge.rounds.gate import failures, of_reward
from fledge.rounds.reward_report import Part, RewardReport
from fledge.train.progress import SilentProgress
from rounds.miniature import brief, rankings, write_lines


def report(prompts: int) -> RewardReport:
    whole = Part(accuracy=1.0, low=1.0, high=1.0, pairs=6 * prompts)
    return RewardReport.model_construct(whole=whole, prompts=prompts, pays=[])


@pytest.mark.parametrize(("prompts", "said"), [(1, 1), (19, 1), (20, 0)])
def test_few_held_out_prompts_prove_nothing(prompts: int, said: int) -> None:
    found = failures(of_reward(report(prompts), report(prompts), GateConfig()))
    assert len(found) == said
    assert not said or f"{prompts} held-out prompts were measured; at least 20" in found[0]


def test_a_round_does_not_undo_what_a_person_chose_meanwhile(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, decide = tmp_path / "home", module.of_comparison

    def while_a_person_decides(*found: object) -> object:
        chosen = Promotion(
            event="promoted", round=0, model=str(tmp_path), at=now(), by="ann", why="I like it"
        )
        add_promotion(place, chosen)
        return decide(*found)

    monkeypatch.setattr(module, "of_comparison", while_a_person_decides)
    data = write_lines(tmp_path / "rankings.jsonl", rankings(60, "right"))
    done = module.improve(place, [data], base=base, config=brief(), progress=SilentProgress())
    assert done.passed and not done.promoted
    assert done.why == [module.CHOSEN_MEANWHILE]
    assert [each.by for each in read_promotions(place)][-1] == "ann"
