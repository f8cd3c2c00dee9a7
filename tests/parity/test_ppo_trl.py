"""Rewards, advantages and losses against a whole update of TRL 1.12.0's PPOTrainer.

TRL puts the score one slot after the end token, keeps the value of that slot, and divides variances
by n − 1; with those three our functions give its numbers.
"""

import sys

import pytest
import torch

from fledge.stages.ppo.advantages import (
    at_last_token,
    generalized_advantages,
    last_token,
    masked_mean,
    whiten,
)
from fledge.stages.ppo.kl import k1
from fledge.stages.ppo.losses import (
    clipped_surrogate,
    clipped_value_error,
)
from parity.trl_world import END, VOCABULARY, llama, quiet, tokenizer

ROLLOUT = (
    "responses",
    "logprobs",
    "ref_logprobs",
    "values",
    "scores",
    "rewards",
    "advantages",
    "returns",
    "padding_mask",
    "padding_mask_p1",
)
UPDATE = ("micro_batch_inds", "new_logprobs", "vpred", "vf_loss", "vf_clipfrac", "pg_loss", "ratio")


@pytest.fixture(scope="module")
def captured(tmp_path_factory):
    """One rollout of 16 answers and its updates, as PPOTrainer had them in its hands."""
    seen = {"updates": []}
    with pytest.MonkeyPatch.context() as monkeypatch, quiet(monkeypatch):
        from datasets import Dataset
        from trl.experimental.ppo import PPOConfig, PPOTrainer

        torch.manual_seed(3)
        random = torch.Generator().manual_seed(4)
        args = PPOConfig(
            output_dir=str(tmp_path_factory.mktemp("trl")),
            per_device_train_batch_size=4,
            gradient_accumulation_steps=4,
            num_mini_batches=4,
            num_ppo_epochs=2,
            total_episodes=16,
            response_length=9,
            local_rollout_forward_batch_size=8,
            stop_token="eos",
            missing_eos_penalty=1.0,
            kl_coef=0.3,
            learning_rate=3e-3,
            temperature=0.8,
            num_sample_generations=0,
            use_cpu=True,
            bf16=False,
            gradient_checkpointing=False,
            report_to="none",
            save_strategy="no",
            disable_tqdm=True,
        )
        prompts = torch.randint(1, VOCABULARY - 1, (16, 5), generator=random).tolist()
        trainer = PPOTrainer(
            args=args,
            processing_class=tokenizer(),
            model=llama(False, 5),
            ref_model=llama(False, 6),
            reward_model=llama(True, 7),
            value_model=llama(True, 8),
            train_dataset=Dataset.from_dict({"input_ids": prompts}),
        )
        backward = trainer.accelerator.backward

        def keep(loss, **rest):
            frame = sys._getframe(1).f_locals
            if "responses" not in seen:
                seen.update({name: frame[name].detach().clone() for name in ROLLOUT})
            update = {name: frame[name] for name in UPDATE}
            update["loss"] = loss
            seen["updates"].append(
                {name: torch.as_tensor(v).detach() for name, v in update.items()}
            )
            backward(loss, **rest)

        trainer.accelerator.backward = keep
        trainer.train()
    return args, seen


def close(ours, theirs):
    torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=1e-6)


def test_some_answers_end_and_some_do_not(captured):
    _, seen = captured
    ended = (seen["responses"] == END).any(dim=1)
    assert ended.any() and not ended.all()
    assert len(seen["updates"]) == 8


def test_rewards_advantages_and_returns_equal_trl(captured):
    args, seen = captured
    mask, values = ~seen["padding_mask"], seen["values"]
    with_next = ~seen["padding_mask_p1"]
    after = (last_token(mask) + 1).clamp(max=mask.shape[1] - 1)
    assert torch.equal(with_next, mask.scatter(1, after[:, None], True))
    kl = k1(seen["logprobs"], seen["ref_logprobs"])
    rewards = at_last_token(seen["scores"], with_next) - args.kl_coef * kl
    close(rewards, seen["rewards"])
    advantages = generalized_advantages(rewards, values, with_next, args.gamma, args.lam)
    close(advantages + values, seen["returns"])
    n = mask.sum()
    close(whiten(advantages, mask) * ((n - 1) / n).sqrt(), seen["advantages"])


def test_the_losses_of_every_update_equal_trl(captured):
    args, seen = captured
    for update in seen["updates"]:
        rows = update["micro_batch_inds"]
        mask, with_next = ~seen["padding_mask"][rows], ~seen["padding_mask_p1"][rows]
        ratio = torch.exp(update["new_logprobs"] - seen["logprobs"][rows])
        close(ratio, update["ratio"])
        advantages = seen["advantages"][rows]
        policy_loss = masked_mean(-clipped_surrogate(ratio, advantages, args.cliprange), mask)
        close(policy_loss, update["pg_loss"])
        error = clipped_value_error(
            update["vpred"], seen["values"][rows], seen["returns"][rows], args.cliprange_value
        )
        value_loss = 0.5 * masked_mean(error, with_next)
        close(value_loss, update["vf_loss"])
        close(policy_loss + args.vf_coef * value_loss, update["loss"])
    assert any((update["ratio"] > 1 + args.cliprange).any() for update in seen["updates"])
    assert any(update["vf_clipfrac"] > 0 for update in seen["updates"])
