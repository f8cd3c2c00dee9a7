"""Rounds as lines of a table, and the unfinished one as it goes on."""

from pathlib import Path

from fledge.observe.rounds import ConditionLine, Measured, RoundLine, RoundNow
from fledge.observe.state import state_of
from fledge.rounds.files import RoundFiles, read_json
from fledge.rounds.gate import Verdict
from fledge.rounds.intake import MANIFEST, NOBODY, Manifest
from fledge.rounds.past import Begun
from fledge.rounds.progress import PHASES, Phase, read_progress
from fledge.rounds.report import RewardReports, RoundReport
from fledge.runs.run import finished_checkpoint

KILLED = (
    "The process of this round ended unexpectedly. Nothing that was saved is lost if you continue."
)


def line_of(files: RoundFiles, offered: int, busy: bool) -> RoundLine:
    """Return the line of a round; `busy` tells whether a process works on its place."""
    begun = read_json(files.settings, Begun) if files.settings.is_file() else None
    verdict = read_json(files.gate, Verdict) if files.gate.is_file() else None
    manifest = files.given / MANIFEST
    taken = read_json(manifest, Manifest) if manifest.is_file() else None
    conditions = verdict.conditions if verdict is not None else ()
    return RoundLine(
        number=files.number,
        at="" if begun is None else begun.at,
        state=_state(files, verdict, busy),
        counts={} if taken is None else taken.counts,
        people=0 if taken is None else len(taken.people.keys() - {NOBODY}),
        reward=_reward(files),
        win_rate=_win_rate(files),
        conditions=[
            ConditionLine(each.name, each.measured, each.limit, each.passed) for each in conditions
        ],
        why=() if verdict is None else verdict.why,
        has_report=files.report_text.is_file(),
        has_model=verdict is not None and finished_checkpoint(files.ppo) is not None,
        is_offered=files.number == offered,
    )


def now_of(files: RoundFiles | None, busy: bool) -> RoundNow | None:
    """Return the newest round of a place while it is unfinished, or about to begin."""
    if files is None or files.gate.is_file() or not files.progress.is_file():
        number = 1 if files is None else files.number + files.gate.is_file()
        return (
            RoundNow(number, "starting", "data", PHASES, None, None, "", "", "") if busy else None
        )
    progress = read_progress(files)
    state, message = progress.state, progress.message
    if busy and state != "running":
        state, message = "running", ""
    elif not busy and state == "running":
        state, message = "stopped", KILLED
    run = _run_of(files, progress.phase)
    trained = None if run is None else state_of(run)
    return RoundNow(
        number=files.number,
        state=state,
        phase=progress.phase,
        phases=progress.phases,
        step=None if trained is None else trained.step,
        steps=None if trained is None else trained.steps,
        began=read_json(files.settings, Begun).at,
        since=progress.at,
        message=message,
    )


def _state(files: RoundFiles, verdict: Verdict | None, busy: bool) -> str:
    if verdict is not None:
        end = "given up" if verdict.given_up else "not promoted"
        return "promoted" if verdict.promoted else end
    now = now_of(files, busy)
    return "not begun" if now is None else now.state


def _run_of(files: RoundFiles, phase: Phase) -> Path | None:
    """Return the run that a phase trains; the newest reward model of several."""
    if phase == "reward":
        models = [path for path in files.root.glob("reward*") if path.is_dir()]
        return max(models, key=lambda path: path.stat().st_mtime_ns, default=None)
    run = {"sft": files.sft, "judge": files.judge, "ppo": files.ppo}.get(phase)
    return run if run is not None and run.is_dir() else None


def _reward(files: RoundFiles) -> Measured | None:
    if not files.reward_report.is_file():
        return None
    whole = read_json(files.reward_report, RewardReports).reward.whole
    return Measured(whole.accuracy, whole.low, whole.high)


def _win_rate(files: RoundFiles) -> Measured | None:
    found = read_json(files.report, RoundReport).comparison if files.report.is_file() else None
    return None if found is None else Measured(found.win_rate, found.low, found.high)
