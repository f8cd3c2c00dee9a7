from evaluate.cards import CHANGES, EVERYDAY, PPO, REWARD, TURNS, VALID, card
from fledge.evaluate.findings import what_did_not_work


def said(**changed) -> str:
    return "\n".join(what_did_not_work(card().model_copy(update=changed)))


def test_a_good_run_still_says_what_it_cannot_do():
    assert said().startswith("The model knows only these kinds")


def test_each_failure_of_ppo_is_named():
    assert "did not clearly raise" in said(ppo=PPO.model_copy(update={"p_value": 0.2}))
    assert "20.0 nats" in said(ppo=PPO.model_copy(update={"kl": 20.0}))
    assert "only 50%" in said(ppo=PPO.model_copy(update={"eos_rate": 0.5}))
    assert "best of four" in said(ppo=PPO.model_copy(update={"gold_best_of_4": 0.95}))


def test_estimates_of_the_distance_that_disagree_are_named():
    apart = PPO.model_copy(update={"kl": 2.5, "kl_k1": 2.4, "kl_k3": 30.8})
    assert "k3 says 30.8, where the exact KL is 2.5" in said(ppo=apart)
    assert "k1" not in said(ppo=apart)
    assert "found unlikely decide k3" in said(ppo=apart)
    below = PPO.model_copy(update={"kl": 2.5, "kl_k1": 0.2, "kl_k3": 2.4})
    assert "k1 says 0.2" in said(ppo=below) and "unlikely" not in said(ppo=below)


def test_a_gain_that_a_constant_sentence_buys_is_named():
    bought = CHANGES.model_copy(update={"constant": "Bye!", "constant_share": 0.86})
    assert 'Adding "Bye!" to every SFT answer would bring 86% of PPO\'s gain' in said(
        changes=bought
    )


def test_without_a_gain_a_sentence_that_would_have_brought_one_is_named():
    none = CHANGES.model_copy(update={"constant": "Bye!", "constant_share": None})
    assert 'PPO did not raise the mean gold score, and "Bye!" after or before' in said(changes=none)


def test_answers_that_vary_less_are_named():
    fewer = CHANGES.model_copy(update={"distinct": {"sft": 0.9, "ppo": 0.7}})
    assert "90% of them differed before, 70% after" in said(changes=fewer)


def test_a_reward_model_that_falls_short_is_named():
    assert "needs more rankings" in said(reward_model=REWARD.model_copy(update={"accuracy": 0.7}))
    blind = REWARD.model_copy(update={"right_against_wrong": 0.55})
    assert "Of 321 pairs of a right and a wrong answer" in said(reward_model=blind)
    untold = REWARD.model_copy(update={"right_against_wrong": None})
    assert said(reward_model=untold) == said()


def test_everyday_questions_and_games_that_fail_are_named():
    failed = [one.model_copy(update={"sensible": {"sft": True, "ppo": False}}) for one in EVERYDAY]
    assert "Of 3 questions of an ordinary person 0 got" in said(everyday=failed)
    broken = {**TURNS, "ppo": {**TURNS["ppo"], "hangman": [0.95, 0.1]}}
    assert "In the game hangman 95%, 10% of the answers at its turns are valid." in said(
        turns=broken
    )


def test_weak_and_lost_kinds_are_listed_with_their_shares():
    weak = {**VALID, "sft": {**VALID["sft"], "word_chain": 0.3}}
    assert "word chain (30%)" in said(valid=weak)
    lost = {**VALID, "ppo": {**VALID["ppo"], "order": 0.5}}
    assert "order (100% to 50%)" in said(valid=lost)
