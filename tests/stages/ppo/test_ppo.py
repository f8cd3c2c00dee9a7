import hashlib
from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from fledge.data.batch import PromptBatch, TokenBatch
from fledge.data.order import PromptOrder
from fledge.generate.engine import Engine
from fledge.generate.request import Request, SamplingParams
from fledge.stages.ppo.actor_critic import score_tokens
from fledge.stages.ppo.config import PPOConfig
from fledge.stages.ppo.reward_functions import ModelScore
from fledge.stages.ppo.rollout import Rollout
from stages.ppo.small_ppo import (
    BANNED,
    END,
    PAD,
    PROMPTS,
    VOCABULARY,
    language_model,
    responding,
    reward_model,
    small_ppo,
    train,
)


def digest(module):
    joined = torch.cat([p.detach().flatten() for p in module.parameters()])
    return hashlib.sha256(joined.numpy().tobytes()).hexdigest()


def text_rows(step):
    ids = torch.randint(4, VOCABULARY, (4, 9), generator=torch.Generator().manual_seed(step))
    everywhere = torch.ones(4, 8, dtype=torch.bool)
    positions = torch.arange(8).expand(4, 8)
    return TokenBatch(ids[:, :-1], ids[:, 1:], everywhere, everywhere.long(), positions)


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_the_ratio_is_1_before_the_first_step_whatever_the_dropout(family):
    stage = small_ppo(language_model(family=family, dropout=0.5))
    stage.trained.train()  # as a loop may do
    history = train(stage, steps=6)
    assert all(step["val/ratio_first"] < 1e-5 for step in history)
    assert history[0]["policy/approxkl_avg"] < 1e-10 < history[1]["policy/approxkl_avg"]


def test_another_temperature_in_sampling_and_training_shows_in_the_ratio():
    stage = small_ppo(temperature=0.7)
    batch = next(stage.batches())
    stage.trained.temperature = 1.0
    terms = stage.loss(batch)
    assert terms.maxima["val/ratio_first"] > 0.05


def test_answers_are_judged_by_the_distribution_they_are_drawn_from():
    """The engine bans what is never written, rows beyond the tokenizer's too; so do log-probs."""
    policy, ids = language_model(), (frozenset([END]), frozenset(BANNED))
    requests = [
        Request(str(row), prompt, SamplingParams(max_new_tokens=5, seed=row), *ids)
        for row, prompt in enumerate(PROMPTS)
    ]
    with torch.no_grad():
        for row in BANNED:  # the policy would love to write them
            policy.token_embedding.weight[row] *= 20
        drawn = Engine(policy, max_batch=8).generate(requests)
        rollout = Rollout.join(PROMPTS, [one.ids for one in drawn], PAD)
        mask = rollout.response_mask
        log_probs, _ = score_tokens(policy, rollout.inputs, rollout.targets, mask, 1.0, BANNED)
    expected = torch.tensor([log_prob for one in drawn for log_prob in one.log_probs])
    torch.testing.assert_close(log_probs[mask], expected, atol=1e-5, rtol=0)


def test_the_largest_ratio_of_all_micro_batches_is_told():
    stage = small_ppo(temperature=0.7)
    batch = next(stage.batches())
    stage.trained.temperature = 1.0
    rows = [stage.loss(part).maxima["val/ratio_first"] for part in batch.split(1)]
    assert rows == sorted(rows) and rows[0] < rows[-1]
    stage.state.ratio_first = 0.0
    assert stage.loss(batch).maxima["val/ratio_first"] == pytest.approx(rows[-1], rel=1e-4)


def test_a_doctor_s_memory_is_part_of_the_state():
    stage, again = small_ppo(), small_ppo()
    train(stage, steps=5)
    again.load_state_dict(stage.state_dict())
    assert len(again.state.doctor.history) == 2
    assert again.state.doctor.state_dict() == stage.state.doctor.state_dict()


@pytest.mark.parametrize("processes", [2, 4])
def test_a_prompt_has_the_same_seed_on_any_number_of_processes(processes):
    alone = PromptOrder(PROMPTS, 8, seed=3)(5)
    seeds = dict(zip(range(8), alone.seeds(11), strict=True))
    for rank in range(processes):
        part = PromptOrder(PROMPTS, 8, 3, rank, processes)(5)
        numbers = range(rank, 8, processes)
        assert part.prompts == tuple(alone.prompts[n] for n in numbers)
        assert part.seeds(11) == [seeds[n] for n in numbers]


def test_kl_is_0_at_first_and_the_value_at_the_end_is_the_reward():
    stage = small_ppo()
    prompts = PromptBatch(PROMPTS)
    rollout = stage.world.respond(prompts, 1)
    stage.collect(prompts)
    assert stage.state.rollout_metrics["objective/kl"] == pytest.approx(0, abs=1e-5)
    values = stage.trained.critic(rollout.ids)
    at_end = values.gather(1, rollout.lengths[:, None] - 1)[:, 0]
    torch.testing.assert_close(at_end, stage.world.score(rollout), atol=1e-6, rtol=0)


@pytest.mark.parametrize("microbatch", [1, 2, 3])
def test_micro_batches_change_nothing(microbatch):
    settings = {"minibatch": 8, "pretraining": {"corpus": "c", "rows": 4}}
    stages = [small_ppo(world={"pretraining": text_rows}, **settings) for _ in range(2)]
    batches = [next(stage.batches()) for stage in stages]
    for stage, batch, rows in zip(stages, batches, (8, microbatch), strict=True):
        for part in batch.split(rows):
            (stage.loss(part).total / batch.weight).backward()
    whole, parts = (list(stage.trained.parameters()) for stage in stages)
    for one, other in zip(whole, parts, strict=True):
        torch.testing.assert_close(other.grad, one.grad, atol=1e-6, rtol=1e-4)


def test_padding_changes_no_score():
    policy = language_model()
    score = ModelScore(reward_model(policy), rows=3)
    together = responding(policy)(PromptBatch(PROMPTS), 1)
    alone = [Rollout.join([prompt], [answer], PAD) for prompt, answer in together.rows()]
    expected = torch.cat([score(one) for one in alone])
    torch.testing.assert_close(score(together), expected, atol=1e-5, rtol=0)


def test_a_policy_that_loves_padding_still_writes_answers():
    policy = language_model()
    with torch.no_grad():
        policy.token_embedding.weight[PAD] *= 50
    stage = small_ppo(policy)
    experience = stage.collect(PromptBatch(PROMPTS))
    lengths = experience.rollout.response_mask.sum(dim=1)
    assert (lengths >= 1).all()
    answers = [id_ for _, answer in experience.rollout.rows() for id_ in answer]
    assert not set(answers) & set(BANNED)
    assert experience.advantages.isfinite().all() and experience.old_log_probs.isfinite().all()


@pytest.mark.parametrize(
    ("rule", "expected"), [("replace", -3.0), ("subtract", -1.0), ("ignore", 2.0)]
)
def test_an_answer_without_end_is_judged_by_the_rule(rule, expected):
    answers = Rollout.join([(4,), (4,)], [(7, 7), (7, END)], PAD)
    stage = small_ppo(
        score=lambda rollout: torch.full((rollout.examples,), 2.0),
        score_={"missing_end": rule, "missing_end_score": -3.0},
        world={"respond": lambda *_: answers},
    )
    judged = stage.judge(answers)
    assert judged.scores.tolist() == [expected, 2.0]


def test_scores_are_clipped_and_that_is_told():
    stage = small_ppo(
        score=lambda rollout: torch.linspace(-9, 9, rollout.examples),
        score_={"clip": 2.0, "missing_end": "ignore"},
    )
    train(stage, steps=1)
    assert stage.judge(stage.state.experience.rollout).scores.abs().max() == 2
    assert stage.state.rollout_metrics["objective/clipped_scores"] >= 0


@torch.no_grad()
def test_the_reward_is_the_score_less_the_price_of_kl():
    """r_t = −β (log π − log π_ref) + score at the end; with λ = 1, V = 0, returns sum it up."""
    policy = language_model()
    stage = small_ppo(policy, kl_coefficient=0.3, gae_lambda=1.0, score_={"missing_end": "ignore"})
    torch.nn.init.zeros_(stage.trained.critic.head.weight)
    torch.nn.init.zeros_(stage.trained.critic.head.bias)
    with torch.no_grad():
        for parameter in stage.trained.policy.parameters():
            parameter.mul_(1.05)
    experience = stage.collect(PromptBatch(PROMPTS))
    rollout, mask = experience.rollout, experience.rollout.response_mask
    arguments = (rollout.inputs, rollout.targets, mask, 1.0, BANNED)
    ours, _ = score_tokens(stage.trained.policy, *arguments)
    theirs, _ = score_tokens(stage.judge.reference.policy, *arguments)
    scores = stage.world.score(rollout).clamp(-5, 5)
    kl = ours - theirs
    for row in range(rollout.examples):
        steps = mask[row].nonzero()[:, 0]
        for t in steps:
            expected = scores[row] - 0.3 * kl[row, t : steps[-1] + 1].sum()
            assert float(experience.returns[row, t]) == pytest.approx(float(expected), abs=1e-5)
    told = stage.state.rollout_metrics["objective/kl"]
    assert float(kl.sum(dim=1).mean()) == pytest.approx(told, 1e-5)


def test_frozen_models_stay_as_they_are_and_are_copies():
    stage = small_ppo()
    judge = stage.world.score.model
    before = digest(stage.judge.reference), digest(judge), digest(stage.trained)
    train(stage, steps=6)
    after = digest(stage.judge.reference), digest(judge), digest(stage.trained)
    assert after[:2] == before[:2] and after[2] != before[2]
    frozen = (*stage.judge.reference.parameters(), *judge.parameters())
    assert not any(p.requires_grad for p in frozen)


def test_a_high_price_holds_the_policy_near_the_reference():
    kl = {}
    for beta in (0.0, 100.0):
        stage = small_ppo(kl_coefficient=beta, kl={"maximum_clip_fraction": None}, minibatch=8)
        kl[beta] = train(stage, steps=32, learning_rate=1e-3)[-1]["objective/kl_k3"]
    assert 4 * kl[100.0] < kl[0.0]  # so few answers leave some noise


def test_rewarding_short_answers_teaches_to_end():
    stage = small_ppo(
        score=lambda rollout: -rollout.response_mask.sum(dim=1).float(),
        kl_coefficient=0.0,
        score_={"missing_end": "ignore", "clip": None},
    )
    history = train(stage, steps=60)
    lengths = [step["val/answer_length"] for step in history]
    assert lengths[-1] < 0.7 * lengths[0]
    assert history[-1]["val/eos_rate"] > history[0]["val/eos_rate"]


def test_a_large_pretraining_mix_is_language_modelling():
    mixed = small_ppo(
        world={"pretraining": text_rows}, pretraining={"corpus": "c", "coefficient": 1e6}
    )
    batch = next(mixed.batches())
    (mixed.loss(batch).total / batch.weight).backward()
    found = torch.cat([p.grad.flatten() for p in mixed.trained.policy.parameters()])
    plain = language_model()
    rows = text_rows(0)
    F.cross_entropy(plain(rows.inputs).flatten(0, 1), rows.targets.flatten()).backward()
    expected = torch.cat([p.grad.flatten() for p in plain.parameters()])
    assert float(F.cosine_similarity(found, expected, dim=0)) > 0.9999
    assert float(found.norm() / expected.norm()) == pytest.approx(1e6, rel=1e-3)


def test_training_ends_beyond_the_kl_budget(caplog):
    stage = small_ppo(kl={"maximum": 0.05, "maximum_clip_fraction": None}, kl_coefficient=0.0)
    history = train(stage, steps=400)
    assert stage.wants_to_stop and len(history) < 400
    assert "above stage.kl.maximum" in caplog.text
    assert stage.state.rollout_metrics["objective/kl"] > 0.05
    assert max(step["objective/kl"] for step in history) <= 0.05  # nothing was learnt beyond


def test_too_large_a_step_is_the_last_on_its_rollout():
    stage = small_ppo(kl={"maximum": None, "maximum_clip_fraction": 0.01}, epochs=8)
    history = train(stage, steps=8, learning_rate=0.1)
    episodes = [step["episode"] for step in history]
    assert len(set(episodes)) > 1 and episodes.count(episodes[0]) < 16
    first = [step["policy/clipfrac_avg"] for step in history if step["episode"] == episodes[0]]
    assert first[-1] > 0.01 and all(fraction <= 0.01 for fraction in first[:-1])


def test_the_adaptive_price_rises_above_the_target():
    kl = {"target": 0.001, "horizon": 8, "maximum_clip_fraction": None}
    stage = small_ppo(kl=kl, kl_coefficient=0.1)
    prices = [step["objective/kl_coefficient"] for step in train(stage, steps=16)]
    # The first rollout's KL is 0; then each is far above the target: ± 0.2 · 8 / 8.
    expected = [0.1, 0.1 * 0.8, 0.1 * 0.8 * 1.2, 0.1 * 0.8 * 1.2 * 1.2]
    assert prices[::4] == pytest.approx(expected)


def test_the_average_is_saved_and_the_weights_stay(tmp_path):
    saved = {}

    def save(policy, critic, directory):
        saved.update({n: p.detach().clone() for n, p in policy.named_parameters()})

    stage = small_ppo(ema_decay=0.5, world={"save": save})
    expected = {n: p.detach().clone() for n, p in stage.trained.policy.named_parameters()}
    for _ in range(4):
        train(stage, steps=1)
        for name, parameter in stage.trained.policy.named_parameters():
            expected[name].lerp_(parameter.detach(), 0.5)
    before = digest(stage.trained)
    stage.save_model(tmp_path)
    assert digest(stage.trained) == before
    for name, weight in expected.items():
        torch.testing.assert_close(saved[name], weight)


@pytest.mark.parametrize("steps", [1, 3, 4, 5])
def test_a_stage_goes_on_from_its_state_inside_a_rollout(steps):
    settings = {"ema_decay": 0.9, "kl": {"target": 1.0, "horizon": 100}}
    whole = small_ppo(**settings)
    train(whole, steps)
    again = small_ppo(**settings)
    again.trained.load_state_dict(whole.trained.state_dict())
    again.load_state_dict(whole.state_dict())
    # Adam starts anew in both: what is compared are the batches and the rest of the state.
    assert train(whole, 6) == train(again, 6)
    assert digest(whole.trained) == digest(again.trained)


def test_half_a_rollout_of_an_earlier_version_is_sampled_anew(caplog):
    whole, again = small_ppo(), small_ppo()
    train(whole, steps=1)
    state = whole.state_dict()
    state["experience"] = {name: t[::2] for name, t in state["experience"].items()}
    again.load_state_dict(state)
    assert "4 of a rollout's 8 answers" in caplog.text
    assert train(again, steps=1)[0]["val/ratio_first"] < 1e-5
    assert again.state.experience.examples == 8


def test_evaluation_uses_the_same_seed_each_time():
    held_out = PromptBatch(PROMPTS[:3])
    stage = small_ppo(world={"held_out": held_out, "gold": lambda r: torch.ones(r.examples)})
    first = stage.evaluate()
    assert stage.evaluate() == first
    assert first["objective/kl_exact"] == pytest.approx(0, abs=1e-6)
    assert first["objective/gold"] == 1
    train(stage, steps=4)
    assert stage.evaluate()["objective/kl_exact"] > 1e-4
    assert replace(stage.world, held_out=None).held_out is None


def test_an_adaptive_price_of_0_is_refused():
    with pytest.raises(ValueError, match="would stay 0"):
        PPOConfig(policy="p", reward="r", prompts=("d",), kl_coefficient=0.0, kl={"target": 6.0})
