"""Sizes by counting are those of the tensors that are there after a step."""

import pytest
import torch

from fledge.model.counting import parameters
from fledge.model.gpt import GPT
from fledge.model.lora import LoRAConfig, adapt
from fledge.runs.estimate.tensors import storage_bytes, tensor_bytes
from fledge.train.optimizer import Optimizer, OptimizerConfig
from model.small_models import CONFIG, GPT2_LIKE


def stepped(model, config):
    """Bytes of gradients, then of the optimiser's state, that one real step makes."""
    optimizer = Optimizer(model, config, 10)
    model(torch.arange(6)[None]).sum().backward()
    gradients = sum(p.grad.nbytes for p in model.parameters() if p.grad is not None)
    optimizer.step()
    states = [values for part in optimizer.parts for values in part.state.values()]
    return gradients, sum(tensor.nbytes for values in states for tensor in values.values())


@pytest.mark.parametrize("name", ["adamw", "muon"])
@pytest.mark.parametrize("shape", [CONFIG, GPT2_LIKE])
def test_gradients_and_moments_are_those_of_a_step(shape, name):
    model = GPT(shape)
    found = tensor_bytes(model, OptimizerConfig(name=name))
    assert (found.gradients, found.moments) == stepped(model, OptimizerConfig(name=name))
    assert found.parameters == found.trained == parameters(shape)
    assert found.weights == 4 * found.parameters


def test_of_an_adapted_model_only_the_adapters_count_as_trained():
    model = GPT(CONFIG).requires_grad_(False)
    adapt(model, LoRAConfig(rank=2), torch.Generator().manual_seed(0), torch.bfloat16)
    found = tensor_bytes(model, OptimizerConfig())
    assert (found.gradients, found.moments) == stepped(model.float(), OptimizerConfig())
    assert found.trained == found.parameters - parameters(CONFIG)
    assert found.weights < 4 * found.parameters  # bfloat16, as they are kept


def test_what_models_share_counts_once():
    model = GPT(CONFIG)
    assert storage_bytes([model, model.blocks]) == storage_bytes([model])
    buffers = sum(buffer.nbytes for buffer in model.buffers())
    assert storage_bytes([model]) == 4 * parameters(CONFIG) + buffers
