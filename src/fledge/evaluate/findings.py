"""Weaknesses of a raised model, read off the numbers and said in plain words."""

from collections.abc import Mapping

from fledge.evaluate.report import PPOCard, RewardModelCard

WEAK_KIND = 0.8
LOST = 0.1
ENOUGH_OF_CEILING = 0.9
SIGNIFICANT = 0.01
KL_LIMIT = 15.0
END_LIMIT = 0.95


def what_did_not_work(
    valid: Mapping[str, Mapping[str, float]], reward_model: RewardModelCard, ppo: PPOCard
) -> list[str]:
    """Return sentences, the gravest first; the last always names the limits of a small model."""
    return [
        *_ppo(ppo),
        *_reward_model(reward_model),
        *_weak_kinds(valid["sft"]),
        *_lost_kinds(valid["sft"], valid["ppo"]),
        "The model knows only these kinds of conversation: other questions get an answer of one "
        "of them. Facts beyond what it was shown are not to be expected at this size.",
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
    if ppo.eos_rate < END_LIMIT:
        said.append(f"After PPO only {ppo.eos_rate:.0%} of the answers end by themselves.")
    if ppo.gold_best_of_4 > ppo.gold_after:
        said.append(
            "Taking the best of four SFT answers by the reward model gives a higher gold score "
            f"({ppo.gold_best_of_4:.3f}) than PPO ({ppo.gold_after:.3f}), at four times the cost "
            "of an answer."
        )
    return said


def _reward_model(card: RewardModelCard) -> list[str]:
    if card.share_of_ceiling >= ENOUGH_OF_CEILING:
        return []
    return [
        f"The reward model orders {card.accuracy:.1%} of the held-out pairs as the labeller did; "
        f"a perfect judge would reach {card.ceiling:.1%}. It needs more rankings."
    ]


def _weak_kinds(valid: Mapping[str, float]) -> list[str]:
    weak = {kind: share for kind, share in valid.items() if kind != "all" and share < WEAK_KIND}
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
    return [f"PPO made answers of these kinds worse while it made them more agreeable: {listed}."]
