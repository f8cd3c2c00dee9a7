import pytest
import torch
from torch import nn

from fledge.model.gpt import GPT
from fledge.train.optimizer import Optimizer, OptimizerConfig, hidden_matrices
from model.small_models import CONFIG


def identity(tensor, *_):
    return tensor


def small_gpt():
    model = GPT(CONFIG)
    model.initialise(torch.Generator().manual_seed(0))
    return model


def descend(model, optimizer, steps=5):
    for step in range(steps):
        generator = torch.Generator().manual_seed(step)
        ids = torch.randint(0, 64, (4, 9), generator=generator)
        loss = nn.functional.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())
        loss.backward()
        optimizer.step()


def flat(model):
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


def test_adamw_equals_a_hand_written_one():
    model = nn.Linear(3, 2)
    config = OptimizerConfig(
        learning_rate=0.1, schedule="linear", warmup_steps=2, final_fraction=0.0, weight_decay=0.1
    )
    optimizer = Optimizer(model, config, steps=6)
    weight, mean, square = model.weight.detach().clone(), torch.zeros(2, 3), torch.zeros(2, 3)
    for step in range(1, 7):
        inputs = torch.randn(4, 3, generator=torch.Generator().manual_seed(step))
        (model(inputs) ** 2).sum().backward()
        gradient = model.weight.grad.clone()
        rate = 0.1 * (step / 2 if step < 2 else (6 - step) / (6 - 2))
        assert 0.1 * optimizer.step() == pytest.approx(rate)
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.95 * square + 0.05 * gradient**2
        corrected = (square / (1 - 0.95**step)).sqrt() + 1e-8
        weight = weight * (1 - rate * 0.1) - rate * mean / (1 - 0.9**step) / corrected
        torch.testing.assert_close(model.weight.detach(), weight, rtol=0, atol=1e-6)


def test_a_parameter_without_gradient_stays_where_it_is():
    """Gradients of earlier steps are gone, so a part that a step leaves out does not move."""
    model = nn.ModuleList([nn.Linear(3, 3), nn.Linear(3, 3)])
    optimizer = Optimizer(model, OptimizerConfig(schedule="constant"), steps=2)
    for part in model:
        others = [flat(other) for other in model if other is not part]
        part(torch.ones(1, 3)).sum().backward()
        optimizer.step()
        assert torch.equal(torch.cat(others), flat(next(o for o in model if o is not part)))


def test_a_whole_model_moves_as_with_torch_adamw():
    ours, theirs = small_gpt(), small_gpt()
    config = OptimizerConfig(learning_rate=1e-2, schedule="constant")
    groups = [
        {"params": [p for p in theirs.parameters() if p.ndim >= 2], "weight_decay": 0.1},
        {"params": [p for p in theirs.parameters() if p.ndim < 2], "weight_decay": 0.0},
    ]
    reference = torch.optim.AdamW(groups, lr=1e-2, betas=(0.9, 0.95), eps=1e-8, foreach=False)
    descend(ours, Optimizer(ours, config, steps=5))
    for step in range(5):
        generator = torch.Generator().manual_seed(step)
        ids = torch.randint(0, 64, (4, 9), generator=generator)
        logits = theirs(ids[:, :-1])
        nn.functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten()).backward()
        reference.step()
        reference.zero_grad()
    torch.testing.assert_close(flat(ours), flat(theirs), rtol=0, atol=1e-6)


def test_only_matrices_decay():
    model = small_gpt()
    groups = Optimizer(model, OptimizerConfig(), steps=1).parts[0].param_groups
    decayed = {id(p) for group in groups if group["weight_decay"] > 0 for p in group["params"]}
    assert decayed == {id(p) for p in model.parameters() if p.ndim >= 2}
    kept = [p for group in groups if group["weight_decay"] == 0 for p in group["params"]]
    assert len(kept) == 2 * (2 + 2) + 1  # two norms of the stream and two of q, k a layer; the last


def test_muon_gets_the_matrices_inside_the_blocks():
    model = small_gpt()
    optimizer = Optimizer(model, OptimizerConfig(name="muon"), steps=1)
    muon, adamw = optimizer.parts
    assert isinstance(muon, torch.optim.Muon) and isinstance(adamw, torch.optim.AdamW)
    muon_ids = {id(p) for group in muon.param_groups for p in group["params"]}
    named = dict(model.named_parameters())
    assert muon_ids == {id(named[name]) for name in hidden_matrices(model)}
    assert all(
        name.startswith("blocks.") and named[name].ndim == 2 for name in hidden_matrices(model)
    )
    assert id(model.token_embedding.weight) not in muon_ids
    before = flat(model)
    descend(model, optimizer)
    assert not torch.equal(before, flat(model))


def test_a_muon_step_is_torchs():
    ours, theirs = nn.ModuleList([nn.Linear(8, 6, bias=False)]), nn.Linear(8, 6, bias=False)
    theirs.load_state_dict(ours[0].state_dict())
    config = OptimizerConfig(name="muon", schedule="constant", weight_decay=0.0)
    optimizer = Optimizer(ours, config, steps=1)
    reference = torch.optim.Muon(theirs.parameters(), lr=0.02, weight_decay=0.0)
    inputs = torch.randn(5, 8, generator=torch.Generator().manual_seed(0))
    for model in (ours[0], theirs):
        (model(inputs) ** 3).sum().backward()
    optimizer.step()
    reference.step()
    torch.testing.assert_close(ours[0].weight, theirs.weight, rtol=0, atol=1e-6)


def test_rate_factors_go_by_the_longest_prefix():
    model = nn.ModuleDict({"policy": nn.Linear(2, 2), "value": nn.Linear(2, 2)})
    config = OptimizerConfig(learning_rate=0.5, schedule="constant", gradient_norm=None)
    factors = {"value": 0.1, "value.bias": 0.0}
    optimizer = Optimizer(model, config, steps=1, factors=factors)
    rate = {id(p): g["peak_rate"] for g in optimizer.parts[0].param_groups for p in g["params"]}
    assert rate[id(model["policy"].weight)] == 0.5
    assert rate[id(model["value"].weight)] == pytest.approx(0.05)
    assert rate[id(model["value"].bias)] == 0.0


def test_moments_are_cut_as_their_parameter_is():
    model = small_gpt()
    optimizer = Optimizer(model, OptimizerConfig(), steps=1)
    descend(model, optimizer, steps=1)
    cut = []

    def shard_like(value, parameter):
        cut.append((value.shape, parameter.shape))
        return value

    again = Optimizer(small_gpt(), OptimizerConfig(), steps=1)
    again.load_state_dict(optimizer.state_dict(torch.clone), shard_like)
    # The mean and the mean square, but not the count of steps, which has no dimension.
    assert len(cut) == 2 * len(list(model.parameters()))
    assert all(value == parameter for value, parameter in cut)


@pytest.mark.parametrize("name", ["adamw", "muon"])
def test_saved_state_goes_on_exactly(name):
    config = OptimizerConfig(name=name, learning_rate=1e-2, warmup_steps=2)
    straight, resumed = small_gpt(), small_gpt()
    optimizer = Optimizer(straight, config, steps=10)
    descend(straight, optimizer, 3)
    resumed.load_state_dict(straight.state_dict())
    again = Optimizer(resumed, config, steps=10)
    again.load_state_dict(optimizer.state_dict(torch.clone), identity)
    assert again.rate_fraction == optimizer.rate_fraction
    descend(straight, optimizer, 3)
    descend(resumed, again, 3)
    assert torch.equal(flat(straight), flat(resumed))


def test_frozen_parameters_are_left_alone():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    model[0].requires_grad_(False)
    optimizer = Optimizer(model, OptimizerConfig(), steps=1)
    assert sum(len(g["params"]) for g in optimizer.parts[0].param_groups) == 2
