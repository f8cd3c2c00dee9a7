"""A round: people's demonstrations and rankings become the next model, if it is better.

The three steps of InstructGPT (Ouyang et al. 2022, arXiv:2203.02155), then a comparison by a judge
that the policy never saw, and a gate. A round that was stopped or killed goes on where it was.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from fledge.checkpoint.directory import find_checkpoint
from fledge.checkpoint.inference import settings_of
from fledge.checkpoint.promotions import Promotion, deciding, now, read_promotions
from fledge.checkpoint.resolved import resolve
from fledge.data.prompts import load_prompts
from fledge.errors import DataError
from fledge.files import remove_directory
from fledge.rounds.begin import begin
from fledge.rounds.card import write_card
from fledge.rounds.comparison import Comparison, Rules, compare
from fledge.rounds.config import GateConfig, RoundConfig
from fledge.rounds.files import RoundFiles, read_json, write_json
from fledge.rounds.gate import Verdict, failures, of_comparison, of_reward
from fledge.rounds.history import promote_passed, withdrawn
from fledge.rounds.intake import take_in
from fledge.rounds.lock import alone
from fledge.rounds.past import Begun, Used
from fledge.rounds.progress import EarlyEnd, Phase, write_progress
from fledge.rounds.records import read_kept
from fledge.rounds.report import RewardReports, write_report
from fledge.rounds.reward_report import reward_report
from fledge.rounds.scoring import Scorer
from fledge.rounds.selection import PROMPTS, RANKINGS, select
from fledge.rounds.stage_runs import judge_run, ppo_run, reward_run, sft_run
from fledge.runs.run import execute
from fledge.stages.ppo.build import build_ppo
from fledge.stages.ppo.reward_functions import RewardFunction, load_reward_function
from fledge.train.progress import Progress, for_terminal

logger = logging.getLogger(__name__)

AS_ASKED = "The round was asked to promote nothing; `fledge rounds promote` promotes its model."
CHOSEN_MEANWHILE = (
    "Another model was chosen while the round ran; `fledge rounds promote` promotes this one."
)
NOT_TRAINED = "No policy was trained against this reward model."


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Parts of a round that are no settings: displays, rules, and whether to promote."""

    progress: Progress
    entering: Callable[[Phase], None]
    """Called as each phase begins."""
    rules: Rules
    promote: bool


def improve(
    place: Path,
    data: Sequence[str] = (),
    *,
    base: Path | None = None,
    config: RoundConfig | None = None,
    left_out: Iterable[str] = (),
    promote: bool = True,
    rules: Rules | None = None,
    progress: Progress | None = None,
    entering: Callable[[Phase], None] = lambda phase: None,
) -> Verdict:
    """Run a round in `place`, or go on with an unfinished one; return the gate's verdict.

    The first round needs `base`, a chat model. Without `config` a round takes the settings of the
    one before. `rules` replace the functions that the settings name.

    Raises:
        ConfigError: another round is running, or this one began otherwise.
        DataError: nothing is new, or the records cannot be used.
        Interrupted: the user stopped it; the same call goes on.
        FledgeError: a run fails; the same call goes on. Nothing is promoted.
    """
    place = Path(place).resolve()
    with alone(place):
        files, begun = begin(place, base, config, left_out)
        rules = rules or Rules(_rule(begun.config.gold), _rule(begun.config.right))
        around = Surroundings(progress or for_terminal(), entering, rules, promote)
        with EarlyEnd(files):
            return _run(place, files, begun, data, around)


def _rule(name: str | None) -> RewardFunction | None:
    return None if name is None else load_reward_function(name)


def _run(
    place: Path, files: RoundFiles, begun: Begun, data: Sequence[str], around: Surroundings
) -> Verdict:
    """Go through the phases; each finds what is already done."""
    config = begun.config
    _enter(files, "data", around)
    used = _data(place, files, begun, data)
    start = place / begun.start
    model = _sft(files, begun, used, start, around)
    _enter(files, "reward", around)
    for number in range(config.ensemble):
        execute(reward_run(files, config, model, number), around.progress)
    _enter(files, "judge", around)
    execute(judge_run(files, config, start), around.progress)
    _enter(files, "reward report", around)
    reports = _reward_reports(files, config)
    if failures(of_reward(reports.reward, reports.judge, config.gate)):
        return _finish(place, files, begun, used, reports, None, around)
    _enter(files, "ppo", around)
    _ppo(files, config, model, around)
    _enter(files, "comparison", around)
    found = compare(files, config, place / begun.current, start, around.rules)
    return _finish(place, files, begun, used, reports, found, around)


def _enter(files: RoundFiles, phase: Phase, around: Surroundings) -> None:
    write_progress(files, phase, "running")
    logger.info("round %d: %s", files.number, phase)
    around.entering(phase)


def _data(place: Path, files: RoundFiles, begun: Begun, data: Sequence[str]) -> Used:
    """Take the data in; where it does not suffice, the round stays as if it had not begun."""
    take_in(place, files, data, begun.config.skip_bad)
    try:
        return select(place, files, begun)
    except DataError:
        remove_directory(files.given)
        raise


def _sft(files: RoundFiles, begun: Begun, used: Used, start: Path, around: Surroundings) -> Path:
    """Learn new demonstrations, if there are any; return the model to go on with."""
    if not used.counts["demonstrations.jsonl"]:
        return start
    _enter(files, "sft", around)
    execute(sft_run(files, begun.config, start), around.progress)
    return files.sft


def _reward_reports(files: RoundFiles, config: RoundConfig) -> RewardReports:
    """Measure reward model and judge, or read what was measured."""
    if files.reward_report.is_file():
        return read_json(files.reward_report, RewardReports)
    held_out = read_kept(files.used / RANKINGS["held out"])
    scorers = [Scorer.open(files.reward(number)) for number in range(config.ensemble)]
    measure = config.measure
    report = partial(
        reward_report,
        held_out=held_out,
        seed=config.seed,
        most_altered=measure.altered,
        constants=measure.constants,
    )
    reports = RewardReports(reward=report(scorers), judge=report([Scorer.open(files.judge)]))
    write_json(files.reward_report, reports)
    return reports


def _ppo(files: RoundFiles, config: RoundConfig, model: Path, around: Surroundings) -> None:
    """Train the policy, watched by the judge on prompts that the policy is not trained on."""
    context = settings_of(resolve(find_checkpoint(model))).context_length
    run = ppo_run(files, config, model, context)
    watched = files.used / PROMPTS["judge"]
    build = build_ppo
    if config.measure.watched and watched.stat().st_size:
        judge = Scorer.open(files.judge).function(load_prompts([watched]))
        build = partial(build_ppo, judge=judge)
    execute(run, around.progress, build)


def _finish(
    place: Path,
    files: RoundFiles,
    begun: Begun,
    used: Used,
    reports: RewardReports,
    found: Comparison | None,
    around: Surroundings,
) -> Verdict:
    """Decide, promote, and write report, card and verdict; the verdict is the last to appear.

    The first decision stands: a process that was killed carries it out when it goes on.
    """
    _enter(files, "gate", around)
    if files.decision.is_file():
        decision = read_json(files.decision, Verdict)
    else:
        decision = _decision(begun.config.gate, reports, found, promote=around.promote)
        write_json(files.decision, decision)
    with deciding(place):
        history = read_promotions(place)
        is_done = any(each.round == files.number and each.event == "promoted" for each in history)
        verdict = decision if is_done else _as_things_are(place, files, begun, decision, history)
        report = write_report(files, begun, used, reports, found, verdict)
        if found is not None:
            write_card(place, files, report)
            if verdict.promoted and not is_done:
                promote_passed(place, files, found)
        write_json(files.gate, verdict)
    write_progress(files, "gate", "done")
    return verdict


def _decision(
    limits: GateConfig, reports: RewardReports, found: Comparison | None, *, promote: bool
) -> Verdict:
    """Check every condition; what passes shall be promoted unless the round was asked not to."""
    conditions = of_reward(reports.reward, reports.judge, limits)
    conditions += [] if found is None else of_comparison(found, limits)
    why = failures(conditions)
    passed = found is not None and not why
    if found is None:
        why = [*why, NOT_TRAINED]
    elif passed and not promote:
        why = [AS_ASKED]
    promoted = passed and promote
    return Verdict(conditions=conditions, passed=passed, promoted=promoted, why=why, at=now())


def _as_things_are(
    place: Path, files: RoundFiles, begun: Begun, decision: Verdict, history: Sequence[Promotion]
) -> Verdict:
    """Take a promotion back before it happens, if people decided otherwise meanwhile."""
    people = withdrawn(place, files, begun)
    if people:
        against = f"{', '.join(people)} asked to be left out while the round ran."
    elif history[-1].model != begun.current:
        against = CHOSEN_MEANWHILE
    else:
        return decision
    if not decision.promoted:
        return decision
    return decision.model_copy(update={"promoted": False, "why": [against]})
