"""The loss of a reward model and its scores against TRL's RewardTrainer."""

import pytest
import torch

from fledge.data.batch import ComparisonBatch
from fledge.model.gpt import GPT
from fledge.model.huggingface import scalar_from_huggingface
from fledge.model.scalar import ScalarModel
from fledge.stages.reward.loss import AnswerScores, ranking_loss
from parity.trl_world import PAD, llama, quiet, tokenizer

CENTRE = 0.01


@pytest.fixture
def captured(monkeypatch, tmp_path):
    """Inputs, scores and loss of TRL's first step on six pairs of uneven lengths."""
    with quiet(monkeypatch):
        from datasets import Dataset
        from trl import RewardConfig, RewardTrainer

        random = torch.Generator().manual_seed(1)
        lengths = torch.randint(3, 12, (6, 2), generator=random).tolist()
        rows = [
            [torch.randint(1, PAD, (n,), generator=random).tolist() for n in pair]
            for pair in lengths
        ]
        model, seen = llama(scalar=True, seed=2), {}
        state = {name: weight.clone() for name, weight in model.state_dict().items()}
        trainer = RewardTrainer(
            model=model,
            args=RewardConfig(
                output_dir=str(tmp_path),
                per_device_train_batch_size=6,
                max_steps=1,
                center_rewards_coefficient=CENTRE,
                disable_dropout=True,
                use_cpu=True,
                bf16=False,
                gradient_checkpointing=False,
                report_to="none",
                save_strategy="no",
                disable_tqdm=True,
            ),
            processing_class=tokenizer(),
            train_dataset=Dataset.from_dict(
                {
                    "chosen_ids": [pair[0] for pair in rows],
                    "rejected_ids": [pair[1] for pair in rows],
                }
            ),
        )
        compute = trainer.compute_loss

        def compute_and_keep(model, inputs, return_outputs=False, num_items_in_batch=None):
            loss, outputs = compute(model, inputs, True, num_items_in_batch)
            seen.update(inputs, loss=loss.detach(), scores=outputs.logits.detach().squeeze(-1))
            return (loss, outputs) if return_outputs else loss

        trainer.compute_loss = compute_and_keep
        trainer.train()
    return seen, model.config.to_dict() | {"architectures": [type(model).__name__]}, state


def test_loss_and_scores_equal_trl(captured):
    seen, config_json, state = captured
    chosen, rejected = seen["input_ids"].chunk(2)
    mask = torch.stack(seen["attention_mask"].chunk(2), dim=1)
    batch = ComparisonBatch(
        ids=torch.stack([chosen, rejected], dim=1),
        lengths=mask.sum(dim=-1),
        ranks=torch.tensor([[0, 1]]).repeat(len(chosen), 1),
    )
    config, ours = scalar_from_huggingface(config_json, state)
    model = ScalarModel(GPT(config))
    model.load_state_dict(ours)
    with torch.no_grad():
        scores = AnswerScores(model)(batch)
    theirs = torch.stack(seen["scores"].chunk(2), dim=1)
    torch.testing.assert_close(scores, theirs, atol=1e-5, rtol=0)
    total, _ = ranking_loss(theirs, batch.ranks, CENTRE)
    assert float(total / batch.weight) == pytest.approx(float(seen["loss"]), abs=1e-6)
