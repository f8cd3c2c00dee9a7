"""Muon against its definition in float64, on whole matrices and on shards."""

import pytest
import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import Shard, distribute_tensor

from fledge.runtime.shard import is_sharded, whole
from fledge.train import muon
from fledge.train.optimizer import Optimizer, OptimizerConfig

CONFIG = OptimizerConfig(
    name="muon",
    muon_learning_rate=0.3,
    muon_momentum=0.6,
    weight_decay=0.2,
    schedule="linear",
    final_fraction=0.0,
)
STEPS = 5


@pytest.fixture
def mesh():
    """A process group of this process alone, in which shards are whole."""
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    yield init_device_mesh("cpu", (1,))
    dist.destroy_process_group()


def orthogonalised(update):
    """Newton-Schulz of Jordan et al. 2024: five times aX + bXXᵀX + c(XXᵀ)²X, from norm 1."""
    found = update / update.norm()
    for _ in range(5):
        gram = found @ found.T
        found = 3.4445 * found - 4.7750 * gram @ found + 2.0315 * gram @ gram @ found
    return found


def by_definition(weight, gradients):
    """Nesterov momentum, orthogonalised; the decay takes the rate, the update √(rows / columns)."""
    rows, columns = weight.shape
    weight, momentum = weight.double(), torch.zeros(rows, columns).double()
    for step, gradient in enumerate(gradients, start=1):
        rate = 0.3 * (1 - step / STEPS)
        momentum = 0.6 * momentum + 0.4 * gradient
        update = orthogonalised(0.4 * gradient + 0.6 * momentum)
        weight = weight * (1 - rate * 0.2) - rate * max(1, rows / columns) ** 0.5 * update
    return weight


def check(shape, cut):
    random = torch.Generator().manual_seed(shape[0])
    first, untouched = (torch.randn(shape, generator=random) for _ in range(2))
    # Drifting gradients, so that the momentum differs from the newest.
    gradients = torch.randn(STEPS, *shape, generator=random).double()
    model = nn.ModuleList([nn.Linear(*shape[::-1], bias=False) for _ in range(2)])
    for layer, weight in zip(model, (first, untouched), strict=True):
        layer.weight = nn.Parameter(cut(weight))
    optimizer = Optimizer(model, CONFIG, STEPS)
    for gradient in gradients:
        model[0].weight.grad = cut(gradient.float())
        optimizer.step()
        assert model[0].weight.grad is None
    found = whole(model[0].weight.detach()).double()
    expected = by_definition(first, gradients)
    # Newton-Schulz runs in bfloat16: 8 bits, of moves of about 1.
    torch.testing.assert_close(found, expected, rtol=0, atol=0.02)
    assert torch.equal(whole(model[1].weight.detach()), untouched)


@pytest.mark.parametrize("shape", [(6, 8), (12, 4)])
def test_whole_matrices_move_by_definition(shape):
    check(shape, torch.clone)


@pytest.mark.parametrize("shape", [(6, 8), (12, 4)])
def test_shards_move_by_definition_and_are_orthogonalised_whole(shape, mesh, monkeypatch):
    updates = []

    def spy(alike, group):
        updates.extend(alike)
        return original(alike, group)

    original = muon.orthogonalised
    monkeypatch.setattr(muon, "orthogonalised", spy)
    check(shape, lambda tensor: distribute_tensor(tensor.clone(), mesh, [Shard(0)]))
    assert len(updates) == STEPS and not any(map(is_sharded, updates))


SETTINGS = {"ns_coefficients": (3.4445, -4.7750, 2.0315), "ns_steps": 5, "eps": 1e-7}


@pytest.mark.parametrize("shape", [(6, 8), (12, 4), (192, 576), (1024, 192)])
def test_matrices_are_orthogonalised_beside_others_as_alone(shape):
    random = torch.Generator().manual_seed(1)
    updates = [torch.randn(shape, generator=random) * 10**power for power in range(-2, 2)]
    together = muon.orthogonalised(updates, SETTINGS)
    for update, beside in zip(updates, together, strict=True):
        (alone,) = muon.orthogonalised([update], SETTINGS)
        for found in (alone, beside):
            assert (found.double() - orthogonalised(update.double())).abs().max() < 0.03


def test_many_matrices_of_few_shapes_move_as_torch_moves_them(monkeypatch):
    monkeypatch.setattr(muon, "NUMBERS_AT_ONCE", 200)
    random = torch.Generator().manual_seed(2)
    shapes = [(8, 6), (6, 8), (8, 6), (8, 6), (30, 10), (6, 8), (8, 6), (8, 6)]
    ours = [nn.Parameter(torch.randn(shape, generator=random)) for shape in shapes]
    theirs = [nn.Parameter(each.detach().clone()) for each in ours]
    settings = {"lr": 0.1, "weight_decay": 0.3, "momentum": 0.7}
    optimizers = muon.Muon(ours, **settings), torch.optim.Muon(theirs, **settings)
    for _ in range(3):
        for our, their in zip(ours[:-1], theirs[:-1], strict=True):
            our.grad = torch.randn(our.shape, generator=random)
            their.grad = our.grad.clone()
        for optimizer in optimizers:
            optimizer.step()
    for our, their in zip(ours, theirs, strict=True):
        # Products of many matrices may round elsewhere than those of one: bfloat16, moves of 0.1.
        torch.testing.assert_close(our, their, rtol=0, atol=0.004)
