import logging
import random as python_random

import numpy
import pytest
import torch
from torch import nn

from fledge.errors import ConfigError
from fledge.native import library
from fledge.runtime import (
    Runtime,
    RuntimeConfig,
    device,
    random,
    random_state,
    seed_everything,
    set_random_state,
)
from fledge.runtime.collective import Place
from fledge.runtime.memory import tune_allocator
from fledge.runtime.shard import blocks, entry_modules


def start(**settings):
    return Runtime.start(RuntimeConfig(device="cpu", **settings))


def draw():
    return torch.rand(3).tolist(), numpy.random.rand(3).tolist(), python_random.random()


def test_one_process_is_the_main_one_and_sums_are_its_own():
    runtime = start()
    assert (runtime.rank, runtime.world_size, runtime.is_main) == (0, 1, True)
    assert runtime.sum(torch.tensor(3.0)).item() == 3.0
    runtime.barrier()
    module = nn.Linear(2, 2)
    with runtime.gathered(module):
        assert runtime.whole(module.weight) is module.weight
    runtime.stop()


def test_seeds_repeat_and_processes_differ():
    seed_everything(7)
    first = draw()
    seed_everything(7)
    assert draw() == first
    seed_everything(7, rank=1)
    assert draw() != first


def test_random_state_takes_up_all_three_generators():
    seed_everything(3)
    draw()
    state = random_state()
    first = draw()
    set_random_state(state)
    assert draw() == first


def test_named_generators_are_independent_and_repeatable():
    def numbers(*names):
        return torch.rand(4, generator=random(*names)).tolist()

    assert numbers(1, "initialise") == numbers(1, "initialise")
    streams = [(1,), (2,), (1, "a"), (1, "b"), (1, "a", 0), (1, "a0")]
    assert len({tuple(numbers(*names)) for names in streams}) == len(streams)


def test_bfloat16_is_taken_where_the_processor_multiplies_it(monkeypatch):
    cpu = torch.device("cpu")
    for amx, avx512, expected in (
        (False, False, torch.float32),
        (True, False, torch.bfloat16),
        (False, True, torch.bfloat16),
    ):
        monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda answer=amx: answer)
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda answer=avx512: answer)
        assert device.compute_dtype("auto", cpu) == expected
    assert device.compute_dtype("float32", cpu) == torch.float32


def test_autocast_multiplies_in_bfloat16_and_keeps_float32_weights():
    layer = nn.Linear(4, 4)
    with start(dtype="bfloat16").autocast():
        assert layer(torch.ones(1, 4)).dtype == torch.bfloat16
    with start(dtype="float32").autocast():
        assert layer(torch.ones(1, 4)).dtype == torch.float32
    assert layer.weight.dtype == torch.float32


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_a_device_that_is_not_there_is_named():
    with pytest.raises(ConfigError, match=r"runtime\.device is cuda.*only: cpu"):
        Runtime.start(RuntimeConfig(device="cuda"))


def test_clipping_scales_all_gradients_to_the_norm_and_tells_the_one_before():
    module = nn.Linear(3, 1, bias=False)
    module.weight.grad = torch.tensor([[3.0, 0.0, 4.0]])
    runtime = start()
    assert runtime.clip_gradients(module, None) == pytest.approx(5.0)
    assert runtime.clip_gradients(module, 1.0) == pytest.approx(5.0)
    torch.testing.assert_close(module.weight.grad, torch.tensor([[0.6, 0.0, 0.8]]))


def test_a_tied_weight_counts_once_in_the_norm():
    module = nn.ModuleDict({"one": nn.Linear(2, 2, bias=False)})
    module["two"] = nn.Linear(2, 2, bias=False)
    module["two"].weight = module["one"].weight
    module["one"].weight.grad = torch.full((2, 2), 0.5)
    assert start().clip_gradients(module, None) == pytest.approx(1.0)


def test_compilation_is_for_runs_that_earn_it_back(monkeypatch):
    compiled = []
    monkeypatch.setattr(nn.Module, "compile", lambda self: compiled.append(self))
    module = nn.ModuleDict({"blocks": nn.ModuleList([nn.Linear(1000, 1000)])})
    start().prepare(module)
    start().prepare(module, tokens_per_step=100, steps=100)
    start(compile=False).prepare(module, tokens_per_step=10**6, steps=10**6)
    assert compiled == []
    start().prepare(module, tokens_per_step=10**6, steps=10**6)
    start(compile=True).prepare(module)
    assert compiled == [module["blocks"][0]] * 2


def test_without_a_compiler_blocks_stay_as_they_are_and_that_is_said(monkeypatch, caplog):
    monkeypatch.setattr(library.shutil, "which", lambda name: None)
    module = nn.ModuleList([nn.Linear(2, 2)])
    with caplog.at_level(logging.INFO):
        start(compile=True).prepare(module)
    assert "no compiler found" in caplog.text
    assert module[0](torch.ones(1, 2)).shape == (1, 2)


def test_the_allocator_can_be_tuned_again_and_again():
    assert tune_allocator() == tune_allocator()


def test_the_place_is_read_from_torchruns_environment(monkeypatch):
    assert Place.from_environment() == Place(0, 0, 1)
    for name, value in {"RANK": "3", "LOCAL_RANK": "1", "WORLD_SIZE": "4"}.items():
        monkeypatch.setenv(name, value)
    assert Place.from_environment() == Place(3, 1, 4)


def test_blocks_are_the_items_of_the_outermost_lists():
    inner = nn.ModuleList([nn.Linear(1, 1)])
    model = nn.ModuleDict(
        {"a": nn.Sequential(nn.ModuleList([nn.Sequential(inner), nn.Linear(1, 1)]))}
    )
    assert len(blocks(model)) == 2
    assert entry_modules(model) == [model["a"]]


def machine(monkeypatch, **there):
    """Pretend to have so many CUDA devices, or MPS."""
    monkeypatch.setattr("torch.cuda.is_available", lambda: there.get("cuda", 0) > 0)
    monkeypatch.setattr("torch.cuda.device_count", lambda: there.get("cuda", 0))
    monkeypatch.setattr("torch.cuda.set_device", lambda _: None)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: there.get("mps", False))


def test_more_processes_than_gpus_are_refused(monkeypatch):
    machine(monkeypatch, cuda=2)
    second = Place(rank=1, local_rank=1, world_size=4, local_world_size=2)
    assert str(device.find_device("auto", second)) == "cuda:1"
    for rank in range(3):
        place = Place(rank=rank, local_rank=rank, world_size=3, local_world_size=3)
        with pytest.raises(ConfigError, match=r"3 processes .* has 2 CUDA devices"):
            device.find_device("auto", place)


def test_several_processes_pass_over_an_mps_device(monkeypatch):
    machine(monkeypatch, mps=True)
    assert str(device.find_device("auto", Place(0, 0, 1))) == "mps"
    assert str(device.find_device("auto", Place(0, 0, 2, 2))) == "cpu"
    with pytest.raises(ConfigError, match="mps, which 2 processes cannot share"):
        device.find_device("mps", Place(1, 1, 2, 2))
