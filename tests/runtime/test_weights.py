"""The number format of weights for inference."""

import pytest
import torch

from fledge.runtime import weights
from fledge.runtime.weights import BFLOAT16_PAYS_FROM, weight_dtype

CPU = torch.device("cpu")


@pytest.fixture(params=[True, False], ids=["multiplies bf16", "no bf16 instructions"])
def is_fast(request, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(weights, "multiplies_bfloat16_fast", lambda device: request.param)
    return bool(request.param)


def test_auto_is_bfloat16_for_large_models_where_it_is_fast(is_fast: bool) -> None:
    large = torch.bfloat16 if is_fast else torch.float32
    assert weight_dtype("auto", BFLOAT16_PAYS_FROM, CPU) == large
    assert weight_dtype("auto", BFLOAT16_PAYS_FROM - 1, CPU) == torch.float32


def test_a_wish_is_kept_whatever_is_fast(is_fast: bool) -> None:
    for size in (1, 10**9):
        assert weight_dtype("float32", size, CPU) == torch.float32
        assert weight_dtype("bfloat16", size, CPU) == torch.bfloat16
        assert weight_dtype("int8", size, CPU) == torch.int8
