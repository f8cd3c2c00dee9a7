"""The gate: conditions that a new model has to meet before the chat offers it."""

from collections.abc import Sequence

from fledge.config import Config
from fledge.rounds.comparison import Comparison
from fledge.rounds.config import GateConfig
from fledge.rounds.pays import Pay
from fledge.rounds.reward_report import RewardReport

PAID = {"sentence": "a constant sentence", "length": "mere length", "list": "a list"}
"""Names of what is paid for nothing, by the kind of alteration."""


class Condition(Config):
    """A measurement with its limit; `passed` is None where a round ended before it."""

    name: str
    measured: float | None
    limit: float
    passed: bool | None
    why: str
    """The finding as a sentence."""


class Verdict(Config):
    """Decision at the end of a round: its `gate.json`."""

    conditions: list[Condition]
    passed: bool
    """Whether every condition was met."""
    promoted: bool
    """Whether the round's model was promoted when the round ended."""
    why: list[str]
    """Reasons against a promotion, a sentence each; empty where there are none."""
    at: str
    given_up: bool = False
    """Whether a person ended the round before its end."""


def of_reward(reward: RewardReport, judge: RewardReport, limits: GateConfig) -> list[Condition]:
    """Check the reward model and the judge, before a policy is trained against them."""
    return [
        _enough("enough held-out rankings", "Rankings of", reward.prompts, limits.prompts),
        _above_chance("reward model above chance", "The reward model", reward, limits.accuracy),
        _above_chance("judge above chance", "The judge", judge, limits.accuracy),
        *(_pay("The reward model", reward.pays, kind, limits.pay) for kind in PAID),
        *(_pay("The judge", judge.pays, kind, limits.pay) for kind in PAID),
    ]


def of_comparison(found: Comparison, limits: GateConfig) -> list[Condition]:
    """Check the new model against the current one."""
    conditions = [
        _enough("enough compared prompts", "Answers to", found.prompts, limits.prompts),
        Condition(
            name="judge prefers the new model",
            measured=found.low,
            limit=limits.win_rate,
            passed=found.low > limits.win_rate,
            why=f"The new model wins {found.win_rate:.1%} of the comparisons on "
            f"{found.prompts:,} held-out prompts by the judge; with 95 % confidence at least "
            f"{found.low:.1%}, where more than {limits.win_rate:.0%} are needed.",
        ),
        Condition(
            name="no constant sentence explains the gain",
            measured=found.constants_explain,
            limit=limits.explained,
            passed=found.constants_explain <= limits.explained,
            why=f"Sentences with which more answers end or begin than before explain "
            f"{found.constants_explain:.0%} of the judge's gain: "
            f"{_quoted(found.constants)}; at most {limits.explained:.0%} may be."
            if found.constants
            else "No ending and no beginning became more frequent.",
        ),
        Condition(
            name="length does not explain the gain",
            measured=found.length_explains,
            limit=limits.explained,
            passed=found.length_explains <= limits.explained,
            why=f"Longer answers ({found.current.tokens:.1f} to {found.new.tokens:.1f} tokens) "
            f"explain {found.length_explains:.0%} of the judge's gain; at most "
            f"{limits.explained:.0%} may be.",
        ),
        _distinct(found, limits.distinct),
        _not_fallen(
            "answers still end", "Answers that end", found.current.ends, found.new.ends, limits.ends
        ),
    ]
    for name, before, after in (
        ("gold rule", found.current.gold, found.new.gold),
        ("right answers", found.current.right, found.new.right),
    ):
        if before is not None and after is not None:
            title = f"{name} not fallen"
            conditions.append(_not_fallen(title, name.capitalize(), before, after, limits.gold))
    return conditions


def failures(conditions: Sequence[Condition]) -> list[str]:
    """Return the sentences of the conditions that were not met."""
    return [each.why for each in conditions if each.passed is False]


def _enough(name: str, what: str, prompts: int, limit: int) -> Condition:
    return Condition(
        name=name,
        measured=prompts,
        limit=limit,
        passed=prompts >= limit,
        why=f"{what} {prompts:,} held-out prompts were measured; at least {limit:,} are needed.",
    )


def _above_chance(name: str, who: str, report: RewardReport, limit: float) -> Condition:
    whole = report.whole
    return Condition(
        name=name,
        measured=whole.low,
        limit=limit,
        passed=whole.low > limit,
        why=f"{who} orders {whole.accuracy:.1%} of {whole.pairs:,} held-out pairs as people did; "
        f"with 95 % confidence at least {whole.low:.1%}, where more than {limit:.0%} are needed.",
    )


def _pay(who: str, pays: Sequence[Pay], kind: str, limit: float) -> Condition:
    name = f"{who.removeprefix('The ')}: no pay for {PAID[kind]}"
    dearest = max((pay for pay in pays if pay.kind == kind), key=lambda p: p.share, default=None)
    if dearest is None:
        return Condition(
            name=name,
            measured=None,
            limit=limit,
            passed=True,
            why="No answer could be altered in this way.",
        )
    return Condition(
        name=name,
        measured=dearest.share,
        limit=limit,
        passed=dearest.share <= limit,
        why=f"{who} pays for {dearest.altered}: {dearest.share:+.0%} of the usual difference "
        f"between two answers to a question, where at most {limit:.0%} is allowed.",
    )


def _quoted(sentences: Sequence[str]) -> str:
    return ", ".join(f'"{text}"' for text in sentences)


def _distinct(found: Comparison, limit: float) -> Condition:
    ratio = found.new.distinct / found.current.distinct
    return Condition(
        name="answers stay different",
        measured=ratio,
        limit=limit,
        passed=ratio >= limit,
        why=f"Of the new model's answers {found.new.distinct:.0%} differ from one another, of the "
        f"current one's {found.current.distinct:.0%}; at least {limit:.0%} of that are needed.",
    )


def _not_fallen(name: str, what: str, before: float, after: float, limit: float) -> Condition:
    return Condition(
        name=name,
        measured=after - before,
        limit=-limit,
        passed=after - before >= -limit,
        why=f"{what}: {before:.1%} before, {after:.1%} after; a fall of at most {limit:.1%} is "
        "allowed.",
    )
