"""A few rows tell what a whole batch takes, and measuring them changes nothing."""

import pytest
import torch

from fledge.runs.estimate.step_cost import Line, measure_step, tokens_of
from runs.estimate.toy_runs import built, pretraining, write_data


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    write_data(home)
    return home


def saved_bytes(stage, batch):
    """Bytes of all storages that autograd saves in a forward pass, apart from weights and ids."""
    there = {p.untyped_storage()._cdata for p in stage.trained.parameters()}
    there |= {b.untyped_storage()._cdata for b in stage.trained.buffers()}
    there |= {batch.inputs.untyped_storage()._cdata, batch.targets.untyped_storage()._cdata}
    kept = {}

    def keep(tensor):
        kept[tensor.untyped_storage()._cdata] = tensor.untyped_storage()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        total = stage.loss(batch).total
    sizes = sum(storage.nbytes() for key, storage in kept.items() if key not in there)
    return sizes, total


@pytest.mark.parametrize("dropout", [0.0, 0.1])
def test_activations_of_a_batch_are_those_that_autograd_saves(home, tmp_path, dropout):
    run = pretraining(home, tmp_path / "run", batch={"examples": 64})
    run = run.model_copy(update={"stage": run.stage.model_copy(update={"dropout": dropout})})
    stage, runtime = built(run)
    batch = next(stage.batches())
    cost = measure_step(stage, batch, run, runtime, budget=0.0)
    saved, _total = saved_bytes(stage, batch)
    assert cost.saved.at(64) == pytest.approx(saved, rel=0.05)
    assert cost.row_tokens == 32
    assert cost.temporary.at(64) > 0
    assert min(cost.seconds.at(64), cost.update_seconds, cost.forward_seconds_per_token) > 0


def test_recomputing_blocks_saves_less(home, tmp_path):
    plain = pretraining(home, tmp_path / "run", batch={"examples": 32})
    changed = plain.runtime.model_copy(update={"gradient_checkpointing": True})
    less = plain.model_copy(update={"runtime": changed})
    saved = []
    for run in (plain, less):
        stage, runtime = built(run)
        cost = measure_step(stage, next(stage.batches()), run, runtime, budget=0.0)
        saved.append(cost.saved.at(32))
    assert saved[1] < 0.7 * saved[0]


@pytest.mark.parametrize("name", ["adamw", "muon"])
def test_measuring_leaves_weights_gradients_and_chance_as_they_were(home, tmp_path, name):
    optimizer = {"steps": 4, "name": name}
    run = pretraining(home, tmp_path / "run", optimizer=optimizer)
    stage, runtime = built(run)
    before = [p.detach().clone() for p in stage.trained.parameters()]
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    measure_step(stage, next(stage.batches()), run, runtime)
    for parameter, weight in zip(stage.trained.parameters(), before, strict=True):
        # As integers: not even the sign of a zero may change.
        assert torch.equal(parameter.detach().view(torch.int32), weight.view(torch.int32))
        assert parameter.grad is None
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads


def test_a_line_passes_through_both_measurements_and_is_never_below_zero():
    line = Line.through((2, 10.0), (4, 14.0))
    assert (line.fixed, line.per_row, line.at(8)) == (6.0, 2.0, 22.0)
    assert Line.through((3, 5.0), (3, 6.0)).at(6) == 12.0
    assert Line.through((2, 9.0), (4, 8.0)).at(100) == 8.0


def test_tokens_of_a_batch_count_both_sides_and_padding(home, tmp_path):
    stage, _ = built(pretraining(home, tmp_path / "run"))
    assert tokens_of(next(stage.batches())) == 8 * 32
