"""Weaknesses of a raised model, read off the numbers and said in plain words."""

from collections.abc import Mapping

from fledge.evaluate.report import PPOCard, ReportCard, RewardModelCard

WEAK = 0.8
LOST = 0.05
"""Share of a kind's answers beyond which PPO has made it worse: more than one of 24 answers."""
ENOUGH_OF_CEILING = 0.9
ENOUGH_RIGHT = 0.75
"""Share of right answers that a reward model has to put above wrong ones."""
SIGNIFICANT = 0.01
KL_LIMIT = 15.0
ESTIMATES_APART = 2.0
"""Ratio from which an estimate of the KL disagrees with the exact one."""
LARGE_K3 = " A few tokens that the SFT model found unlikely decide k3."
END_LIMIT = 0.95
CONSTANT_LIMIT = 0.2
ENOUGH_DISTINCT = 0.95
ENOUGH_SENSIBLE = 2 / 3
WANTED_BY_TURN = (0.9, 0.85, 0.8, 0.75)
"""Shares of valid answers that a game needs at its first turns to be worth playing."""
GAMES = ("hangman", "twenty_questions", "word_chain", "rhyme")


def what_did_not_work(card: ReportCard) -> list[str]:
    """Return sentences, the gravest first; the last always names the limits of a small model."""
    return [
        *_ppo(card.ppo),
        *_bought(card),
        *_lost_kinds(card.valid["sft"], card.valid["ppo"]),
        *_variety(card),
        *_reward_model(card.reward_model),
        *_everyday(card),
        *_games(card),
        *_weak_kinds(card.valid["sft"]),
        "The model knows only these kinds of conversation. It says that it does not know or cannot "
        f"do it to {card.valid['ppo'].get('unknown', 0.0):.0%} of other questions and wishes; "
        "facts beyond what it was shown are not to be expected at this size.",
    ]


def _ppo(ppo: PPOCard) -> list[str]:
    said = []
    if ppo.p_value >= SIGNIFICANT:
        said.append(
            f"PPO did not clearly raise the gold score: {ppo.gold_before:.3f} before, "
            f"{ppo.gold_after:.3f} after, p = {ppo.p_value:.3g}."
        )
    if ppo.kl > KL_LIMIT:
        said.append(
            f"PPO moved {ppo.kl:.1f} nats per answer away from the SFT model, beyond the "
            f"{KL_LIMIT:.0f} within which the reward model can be trusted."
        )
    said += _estimates(ppo)
    if ppo.eos_rate < END_LIMIT:
        said.append(f"After PPO only {ppo.eos_rate:.0%} of the answers end by themselves.")
    if ppo.gold_best_of_4 > ppo.gold_after:
        said.append(
            "Taking the best of four SFT answers by the reward model gives a higher gold score "
            f"({ppo.gold_best_of_4:.3f}) than PPO ({ppo.gold_after:.3f}), at four times the cost "
            "of an answer."
        )
    return said


def _estimates(ppo: PPOCard) -> list[str]:
    """Warn where a sampled estimate of the KL is far from the exact one."""
    apart = [
        f"{name} says {value:.1f}"
        for name, value in (("k1", ppo.kl_k1), ("k3", ppo.kl_k3))
        if not ppo.kl / ESTIMATES_APART <= value <= ppo.kl * ESTIMATES_APART and ppo.kl > 0.1
    ]
    if not apart:
        return []
    return [
        f"The estimates of the distance disagree: {' and '.join(apart)}, where the exact KL is "
        f"{ppo.kl:.1f} nats per answer."
        + (LARGE_K3 if ppo.kl_k3 > ppo.kl * ESTIMATES_APART else "")
    ]


def _bought(card: ReportCard) -> list[str]:
    changed = card.changes
    if changed.constant_share is None:
        bought = f', and "{changed.constant}" after or before every SFT answer would'
        return [f"PPO did not raise the mean gold score{bought if changed.constant else ''}."]
    if changed.constant_share <= CONSTANT_LIMIT:
        return []
    return [
        f'Adding "{changed.constant}" to every SFT answer would bring '
        f"{changed.constant_share:.0%} of PPO's gain."
    ]


def _variety(card: ReportCard) -> list[str]:
    before, after = card.changes.distinct["sft"], card.changes.distinct["ppo"]
    if after >= ENOUGH_DISTINCT * before:
        return []
    return [f"PPO's answers vary less: {before:.0%} of them differed before, {after:.0%} after."]


def _reward_model(card: RewardModelCard) -> list[str]:
    said = []
    if card.share_of_ceiling < ENOUGH_OF_CEILING:
        said.append(
            f"The reward model orders {card.accuracy:.1%} of the held-out pairs as the labeller "
            f"did; a perfect judge would reach {card.ceiling:.1%}. It needs more rankings."
        )
    right = card.right_against_wrong
    if right is not None and right < ENOUGH_RIGHT:
        said.append(
            f"Of {card.right_against_wrong_pairs:,} pairs of a right and a wrong answer the reward "
            f"model puts only {right:.1%} in order: it knows style better than truth."
        )
    return said


def _everyday(card: ReportCard) -> list[str]:
    asked = len(card.everyday)
    sensible = card.sensible("ppo")
    if sensible >= ENOUGH_SENSIBLE * asked:
        return []
    return [f"Of {asked} questions of an ordinary person {sensible} got a sensible answer."]


def _games(card: ReportCard) -> list[str]:
    said = []
    for game in GAMES:
        shares = card.turns["ppo"].get(game, [])
        if any(share < wanted for share, wanted in zip(shares, WANTED_BY_TURN, strict=False)):
            listed = ", ".join(f"{share:.0%}" for share in shares)
            said.append(
                f"In the game {game.replace('_', ' ')} {listed} of the answers at its turns are "
                "valid."
            )
    return said


def _weak_kinds(valid: Mapping[str, float]) -> list[str]:
    weak = {kind: share for kind, share in valid.items() if kind != "all" and share < WEAK}
    if not weak:
        return []
    listed = ", ".join(
        f"{kind.replace('_', ' ')} ({share:.0%})"
        for kind, share in sorted(weak.items(), key=lambda pair: pair[1])
    )
    return [f"Not learnt well from demonstrations, by share of valid answers: {listed}."]


def _lost_kinds(before: Mapping[str, float], after: Mapping[str, float]) -> list[str]:
    lost = [kind for kind in before if kind != "all" and after[kind] < before[kind] - LOST]
    if not lost:
        return []
    listed = ", ".join(
        f"{kind.replace('_', ' ')} ({before[kind]:.0%} to {after[kind]:.0%})" for kind in lost
    )
    return [f"PPO made answers of these kinds worse: {listed}."]
