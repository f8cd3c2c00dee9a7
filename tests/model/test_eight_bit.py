import copy

import pytest
import torch
from torch import nn

from fledge.model.eight_bit import (
    ROWS_AT_A_TIME,
    EightBitEmbedding,
    EightBitLinear,
    round_to_eight_bits,
)
from model.small_models import CONFIG, GPT2_LIKE, make, random_ids

UNTIED = CONFIG.model_copy(update={"tied_embeddings": False})


def linear(weight: list[list[float]]) -> nn.Linear:
    layer = nn.Linear(len(weight[0]), len(weight), bias=False)
    layer.weight = nn.Parameter(torch.tensor(weight))
    return layer


def test_a_row_is_rounded_to_127_steps_of_its_largest_weight() -> None:
    layer = EightBitLinear(linear([[1.27, -0.5, 0.004], [0.0, 0.0, 0.0]]))
    assert layer.weight.tolist() == [[127, -50, 0], [0, 0, 0]]
    torch.testing.assert_close(layer.scale, torch.tensor([0.01, 0.0]))
    torch.testing.assert_close(layer(torch.tensor([1.0, 2.0, 5.0])), torch.tensor([0.27, 0.0]))


def test_no_weight_is_off_by_more_than_half_a_step_in_any_part_of_a_large_matrix() -> None:
    embedding = nn.Embedding(ROWS_AT_A_TIME + 5, 4)
    rounded = EightBitEmbedding(embedding)
    found = rounded(torch.arange(ROWS_AT_A_TIME + 5))
    assert ((found - embedding.weight).abs() <= rounded.scale[:, None] * 0.5001).all()


@pytest.mark.parametrize("config", [CONFIG, GPT2_LIKE, UNTIED], ids=["Qwen3", "GPT-2", "untied"])
@torch.no_grad()
def test_a_rounded_model_computes_as_one_with_the_rounded_weights(config) -> None:
    model, ids = make(config), random_ids()
    rounded = copy.deepcopy(model)
    round_to_eight_bits(rounded)
    matrices = {
        name: module.weight * module.scale[:, None]
        for name, module in rounded.named_modules()
        if isinstance(module, EightBitLinear | EightBitEmbedding)
    }
    assert len(matrices) == 4 * config.num_layers + 1 + (not config.tied_embeddings)
    for name, matrix in matrices.items():
        model.get_submodule(name).weight = nn.Parameter(matrix)
    torch.testing.assert_close(rounded(ids), model(ids), rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_a_rounded_model_computes_in_the_format_that_it_had() -> None:
    model = make(CONFIG).bfloat16()
    round_to_eight_bits(model)
    assert model.hidden(random_ids()).dtype == torch.bfloat16
    assert model(random_ids()).dtype == torch.float32


def test_damaged_weights_stay_damaged() -> None:
    layer = EightBitLinear(linear([[1.0, float("nan")], [1.0, 2.0]]))
    found = layer(torch.ones(2))
    assert found.isnan().tolist() == [True, False]
