"""Conditions that a round must meet, where a whole round would show no more."""

import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from pydantic import ValidationError

from fledge.checkpoint.lineage import Lineage, write_lineage
from fledge.checkpoint.promotions import Promotion, add_promotion, now, read_promotions
from fledge.errors import CheckpointError, ConfigError
from fledge.evaluate.exploitation import new_endings, new_openings
from fledge.evaluate.replies import Reply
from fledge.rounds.comparison import Heard, _constants_explain
from fledge.rounds.config import GateConfig, RoundConfig
from fledge.rounds.files import RoundFiles, read_json
from fledge.rounds.gate import Verdict, failures, of_reward
from fledge.rounds.history import give_up, leave_out, left_out, promote_by_hand, withdrawn
from fledge.rounds.improve import CHOSEN_MEANWHILE, _as_things_are, improve
from fledge.rounds.past import Begun
from fledge.rounds.pays import Pay
from fledge.rounds.reward_report import Part, RewardReport
from fledge.rounds.scoring import Scorer
from fledge.starter.gold import ModelAnswer
from fledge.train.progress import SilentProgress


def report(prompts: int) -> RewardReport:
    whole = Part(accuracy=1.0, low=1.0, high=1.0, pairs=6 * prompts)
    return RewardReport.model_construct(whole=whole, prompts=prompts, pays=[])


@pytest.mark.parametrize(("prompts", "said"), [(1, 1), (19, 1), (20, 0)])
def test_few_held_out_prompts_prove_nothing(prompts: int, said: int) -> None:
    found = failures(of_reward(report(prompts), report(prompts), GateConfig()))
    assert len(found) == said
    assert not said or f"{prompts} held-out prompts were measured; at least 20" in found[0]


def pays(share: float) -> RewardReport:
    pay = Pay(kind="sentence", altered='"Gladly." in front', bonus=1.0, share=share, answers=9)
    return report(20).model_copy(update={"pays": [pay]})


def test_neither_the_reward_model_nor_the_judge_may_pay_for_a_constant_sentence() -> None:
    (said,) = failures(of_reward(pays(0.6), pays(0.4), GateConfig()))
    assert said.startswith('The reward model pays for "Gladly." in front: +60%')
    (said,) = failures(of_reward(pays(0.4), pays(0.6), GateConfig()))
    assert said.startswith('The judge pays for "Gladly." in front: +60%')


def test_two_sentences_that_explain_half_of_the_gain_each_explain_all_of_it(good: Path) -> None:
    def heard(texts: list[str], scores: list[float]) -> Heard:
        replies = [Reply((1,), (2,), ModelAnswer(text, ended=True)) for text in texts]
        return Heard(replies, torch.tensor([scores]), torch.tensor([scores]))

    class Judge(Scorer):
        """Pays one for each constant sentence."""

        def replies(self, replies: Sequence[Reply]) -> torch.Tensor:
            return torch.tensor([float(each.answer_ids != (2,)) for each in replies])

    before = heard(["A. So.", "B. So.", "C. So.", "D. So."], [0.0] * 4)
    after = heard(["A. Bye!", "B. Bye!", "Well. C.", "Well. D."], [1.0] * 4)
    judge = Judge(Scorer.open(RoundFiles(good, 1).judge).loaded)
    endings, openings = (
        part(before.replies, after.replies) for part in (new_endings, new_openings)
    )
    assert (endings[0], openings) == ("Bye!", ["Well."])
    share = _constants_explain(judge, before, after, endings[:1], openings)
    assert share == pytest.approx(1.0)


def test_patience_would_choose_on_what_the_gate_measures() -> None:
    with pytest.raises(ValidationError, match="by which the gate judges it"):
        RoundConfig.model_validate({"reward": {"stage": {"patience": 2}}})


PASSED = Verdict(conditions=[], passed=True, promoted=True, why=[], at=now())


def test_a_round_does_not_undo_what_a_person_chose_meanwhile(tmp_path: Path) -> None:
    begun = Begun(config=RoundConfig(), start_round=0, start="base", current="base", at=now())
    chosen = Promotion(event="promoted", round=0, model="other", at=now(), by="ann", why="I do")
    files = RoundFiles(tmp_path, 1)
    found = _as_things_are(tmp_path, files, begun, PASSED, [chosen])
    assert found.passed and not found.promoted and found.why == [CHOSEN_MEANWHILE]
    stays = chosen.model_copy(update={"model": "base"})
    assert _as_things_are(tmp_path, files, begun, PASSED, [chosen, stays]) == PASSED


def test_nothing_of_people_who_left_meanwhile_is_used_or_promoted(
    good: Path, tmp_path: Path
) -> None:
    place = tmp_path / "home"
    shutil.copytree(good, place)
    files = RoundFiles(place, 1)
    begun = read_json(files.settings, Begun)
    leave_out(place, ["nobody here"])
    assert withdrawn(place, files, begun) == []
    leave_out(place, ["ann"])
    found = _as_things_are(place, files, begun, PASSED, read_promotions(place)[:1])
    assert not found.promoted and found.why == ["ann asked to be left out while the round ran."]
    files.gate.unlink()
    with pytest.raises(ConfigError, match=r"ann shall be left out.*give-up"):
        improve(place, progress=SilentProgress())


def begin_place(place: Path) -> None:
    place.mkdir()
    first = Promotion(event="base", round=0, model="base", at=now(), by="the beginning", why="")
    add_promotion(place, first)


def test_decisions_at_once_are_all_kept(tmp_path: Path) -> None:
    place = tmp_path / "home"
    begin_place(place)
    people = [f"person {number}" for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda person: leave_out(place, [person]), people))
    assert sorted(left_out(place)) == sorted(people)


def test_a_decision_about_no_place_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no rounds here"):
        leave_out(tmp_path / "nowhere", ["ann"])
    assert not (tmp_path / "nowhere").exists()


def test_a_half_trained_model_is_not_promoted_by_hand(tmp_path: Path) -> None:
    place = tmp_path / "home"
    begin_place(place)
    files = RoundFiles(place, 1)
    checkpoint = files.ppo / "step-00000003"
    checkpoint.mkdir(parents=True)
    write_lineage(checkpoint, Lineage(stage="ppo", step=3, steps=9, seen=1, run={}))
    give_up(place, "no time")
    with pytest.raises(ConfigError, match="no whole model to promote: no time"):
        promote_by_hand(place, 1, "ann", "I like it")
