import math

import pytest
import torch
import torch.nn.functional as F

from fledge.model import masks
from fledge.model.gpt import GPT
from model.small_models import CONFIG, GPT2_LIKE, make, random_ids

both = pytest.mark.parametrize("config", [CONFIG, GPT2_LIKE], ids=["rotary", "learned"])


@both
@pytest.mark.parametrize("tied", [True, False])
def test_initial_loss_is_the_logarithm_of_the_vocabulary(config, tied):
    model = GPT(config.model_copy(update={"tied_embeddings": tied}))
    model.initialise(torch.Generator().manual_seed(0))
    ids = random_ids(16, 33)
    loss = F.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())
    assert loss.item() == pytest.approx(math.log(64), abs=0.05)


@both
def test_later_tokens_change_nothing_before_them(config):
    model, ids = make(config), random_ids()
    changed = ids.clone()
    changed[:, 7] = (changed[:, 7] + 1) % 64
    before, after = model(ids), model(changed)
    assert torch.equal(before[:, :7], after[:, :7])
    assert not torch.equal(before[:, 7:], after[:, 7:])


@both
def test_padding_on_either_side_changes_nothing(config):
    model, ids = make(config), random_ids(1, 6)
    alone = model(ids)
    left = torch.cat([torch.full((1, 3), 5), ids], dim=1)
    is_token = torch.tensor([[0] * 3 + [1] * 6]).bool()
    found = model(left, masks.padded_positions(is_token), masks.padded(is_token))
    torch.testing.assert_close(found[:, 3:], alone, atol=1e-5, rtol=0)
    right = torch.cat([ids, torch.full((1, 3), 5)], dim=1)
    torch.testing.assert_close(model(right)[:, :6], alone, atol=1e-5, rtol=0)


@both
def test_packed_documents_equal_separate_ones(config):
    model = make(config)
    first, second = random_ids(1, 5), random_ids(1, 7, seed=2)
    segments = torch.tensor([[1] * 5 + [2] * 7 + [0] * 2])
    row = torch.cat([first, second, torch.zeros(1, 2, dtype=torch.long)], dim=1)
    packed = model(row, masks.segment_positions(segments), masks.block_diagonal(segments))
    torch.testing.assert_close(packed[:, :5], model(first), atol=1e-6, rtol=0)
    torch.testing.assert_close(packed[:, 5:12], model(second), atol=1e-6, rtol=0)


@both
def test_initialise_scales_the_residual_outputs(config):
    wide = config.model_copy(update={"width": 64, "num_layers": 8, "feed_forward_width": 128})
    model = GPT(wide)
    model.initialise(torch.Generator().manual_seed(0))
    for name, parameter in model.named_parameters():
        if name.endswith("norm.weight"):
            assert (parameter == 1).all()
        elif parameter.ndim == 1:
            assert (parameter == 0).all()
        else:
            residual = "attention.output" in name or "down" in name
            expected = 0.02 / math.sqrt(16) if residual else 0.02
            assert parameter.std().item() == pytest.approx(expected, rel=0.05), name


def test_initialise_depends_on_the_generator_alone():
    first, second = make(noise=0.0), make(noise=0.0)
    assert all(map(torch.equal, first.parameters(), second.parameters()))


def test_a_tied_model_has_one_matrix():
    tied, untied = GPT(CONFIG), GPT(CONFIG.model_copy(update={"tied_embeddings": False}))
    assert "head.weight" not in tied.state_dict()
    assert untied.state_dict()["head.weight"].shape == (64, 16)


def test_norms_and_logits_stay_fp32_under_autocast():
    model, ids = make(noise=0.02), random_ids()
    exact = model(ids)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        hidden = model.hidden(ids)
        logits = model.logits(hidden)
    assert hidden.dtype == torch.float32 and logits.dtype == torch.float32
    torch.testing.assert_close(logits, exact, atol=0.05, rtol=0.05)


def test_gradients_reach_every_parameter():
    model = make()
    model(random_ids()).logsumexp(dim=-1).sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in model.parameters())


def test_one_batch_can_be_learnt_by_heart():
    model = make(noise=0.0).train()
    ids = random_ids(1, 17)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(150):
        loss = F.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.01
