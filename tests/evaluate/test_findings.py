from evaluate.cards import PPO, REWARD, VALID
from fledge.evaluate.findings import what_did_not_work


def said(valid=VALID, reward=REWARD, ppo=PPO) -> str:
    return "\n".join(what_did_not_work(valid, reward, ppo))


def test_a_good_run_still_says_what_it_cannot_do():
    assert said().startswith("The model knows only these kinds")


def test_each_failure_is_named():
    assert "did not clearly raise" in said(ppo=PPO.model_copy(update={"p_value": 0.2}))
    assert "20.0 nats" in said(ppo=PPO.model_copy(update={"kl": 20.0}))
    assert "only 50%" in said(ppo=PPO.model_copy(update={"eos_rate": 0.5}))
    assert "best of four" in said(ppo=PPO.model_copy(update={"gold_best_of_4": 0.95}))
    assert "needs more rankings" in said(reward=REWARD.model_copy(update={"accuracy": 0.7}))


def test_weak_and_lost_kinds_are_listed_with_their_shares():
    weak = {**VALID, "sft": {**VALID["sft"], "word_chain": 0.3}}
    assert "word chain (30%)" in said(valid=weak)
    lost = {**VALID, "ppo": {**VALID["ppo"], "order": 0.5}}
    assert "order (100% to 50%)" in said(valid=lost)
