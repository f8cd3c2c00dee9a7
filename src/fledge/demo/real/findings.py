"""Weaknesses of the raised assistant, read off the numbers and said in plain words."""

from collections.abc import Mapping, Sequence

from fledge.demo.real.card import (
    DECIDING_COMPARISON,
    MODEL_NAMES,
    AskedQuestion,
    Comparison,
    ExploitationCard,
    ModelCard,
    RewardCard,
    chosen_model,
)

ENOUGH_RIGHT = 17
"""Questions to the lamp shop, of twenty, that a useful assistant answers rightly."""
MOST_LOST = 2
"""General questions that training may cost."""
MOST_FORGOTTEN = 0.03
"""Rise of the bits per byte that counts as English lost."""
WEAK_KIND = 0.7
SIGNIFICANT = 0.05
END_LIMIT = 0.95
LONGER = 1.25
EXPLAINED = 0.2
KL_LIMIT = 15.0
CLEAR_GAIN = 0.25
"""Rise of the reward model's mean score, in standard deviations, that counts as one: two standard
errors of the difference between twice 128 answers."""


def what_did_not_work(
    shop: Sequence[AskedQuestion],
    general: Sequence[AskedQuestion],
    models: Mapping[str, ModelCard],
    comparisons: Mapping[str, Comparison],
    reward: RewardCard,
    ppo: ExploitationCard,
) -> list[str]:
    """Return sentences, the gravest first; the last always names what nobody measured."""
    chosen = chosen_model(comparisons, models)
    return [
        *_shop(shop, chosen),
        *_general(general, models, chosen),
        *_ppo(models, comparisons[DECIDING_COMPARISON], ppo, chosen),
        *_exploited(ppo),
        *_reward(reward),
        *_weak_kinds(models[chosen]),
        "An assistant of this size reads its system prompt and answers; it does not reason. Let a "
        "person see what matters: orders, complaints, money.",
    ]


def _shop(shop: Sequence[AskedQuestion], chosen: str) -> list[str]:
    right = sum(one.right[chosen] for one in shop)
    wrong = [one.question for one in shop if not one.right[chosen]]
    said = []
    if right < ENOUGH_RIGHT:
        said.append(
            f"{right} of {len(shop)} questions to the lamp shop are answered rightly "
            f"{MODEL_NAMES[chosen]}; a useful assistant needs {ENOUGH_RIGHT}."
        )
    if wrong:
        said.append(f"Wrong in the lamp shop {MODEL_NAMES[chosen]}: " + " / ".join(wrong))
    return said


def _general(
    general: Sequence[AskedQuestion], models: Mapping[str, ModelCard], chosen: str
) -> list[str]:
    said = []
    before, after = (sum(one.right[name] for one in general) for name in ("import", chosen))
    if before - after > MOST_LOST:
        said.append(
            f"Of {len(general)} questions about anything else, the imported model answers {before} "
            f"and the one {MODEL_NAMES[chosen]} {after}."
        )
    first, last = models["import"].bits_per_byte, models[chosen].bits_per_byte
    if last > first * (1 + MOST_FORGOTTEN):
        said.append(
            f"English was lost: {first:.3f} bits per byte as imported, {last:.3f} "
            f"{MODEL_NAMES[chosen]}, {last / first - 1:+.1%}."
        )
    return said


def _ppo(
    models: Mapping[str, ModelCard], over_sft: Comparison, ppo: ExploitationCard, chosen: str
) -> list[str]:
    said = []
    if chosen != "ppo":
        said.append(
            f"PPO's answers win {over_sft.win_rate:.0%} against those of SFT, ties counted half, "
            f"and {models['ppo'].right['all']:.0%} of its likeliest answers are right, "
            f"{models['sft'].right['all']:.0%} of those of SFT, so the model after SFT answers in "
            "the chat."
        )
    if over_sft.p_value >= SIGNIFICANT:
        said.append(
            f"PPO did not clearly raise the rule's score: {over_sft.before:.3f} before, "
            f"{over_sft.after:.3f} after, p = {over_sft.p_value:.2g}."
        )
    sft, after = models["sft"].right["all"], models["ppo"].right["all"]
    if after < sft:
        p_value = ppo.right_lost_p_value
        chance = f", which may be chance (p = {p_value:.2g})" if p_value >= SIGNIFICANT else ""
        said.append(
            f"Fewer answers to held-out shops are right after PPO: {sft:.1%} before, {after:.1%} "
            f"after{chance}."
        )
    if ppo.kl > KL_LIMIT:
        said.append(f"PPO moved {ppo.kl:.1f} nats per answer away from the SFT model.")
    if models["ppo"].ends < END_LIMIT:
        said.append(f"After PPO only {models['ppo'].ends:.0%} of the answers end by themselves.")
    return said


def _exploited(ppo: ExploitationCard) -> list[str]:
    said = []
    if ppo.stopped_early and not ppo.saved_best:
        said.append(
            "PPO was stopped early, because the policy had moved too far from the SFT model."
        )
    if ppo.saved_best:
        means = list(ppo.watched.values())
        said.append(
            f"During PPO the judge on held-out shops fell from {max(means):.3f} to "
            f"{means[-1]:.3f}, so the policy of its best measurement was saved."
        )
    if ppo.reward_gain >= CLEAR_GAIN and ppo.rule_gain <= 0:
        said.append(
            f"The reward model was exploited: its score rose by {ppo.reward_gain:.2f} standard "
            f"deviations, the rule's changed by {ppo.rule_gain:+.2f}."
        )
    if ppo.reward_gain >= CLEAR_GAIN and ppo.suffix_share > EXPLAINED:
        said.append(
            f"{min(1.0, ppo.suffix_share):.0%} of the reward's gain is the price of a sentence: "
            f"“{ppo.suffix}” ends {ppo.suffix_before:.0%} of the answers before PPO and "
            f"{ppo.suffix_after:.0%} after."
        )
    if ppo.tokens_after > LONGER * ppo.tokens_before:
        said.append(
            f"PPO made answers longer: {ppo.tokens_before:.0f} tokens before, "
            f"{ppo.tokens_after:.0f} after."
        )
    return said


def _reward(reward: RewardCard) -> list[str]:
    if reward.low > 0.5:
        return []
    return [
        f"The reward model orders {reward.accuracy:.1%} of the held-out pairs as labelled; the "
        f"interval from {reward.low:.1%} to {reward.high:.1%} includes chance."
    ]


def _weak_kinds(after: ModelCard) -> list[str]:
    weak = {k: share for k, share in after.right.items() if k != "all" and share < WEAK_KIND}
    if not weak:
        return []
    listed = ", ".join(f"{k} ({s:.0%})" for k, s in sorted(weak.items(), key=lambda one: one[1]))
    return [f"Weak in held-out shops, by share of right answers: {listed}."]
