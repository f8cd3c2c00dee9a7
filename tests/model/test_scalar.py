import pytest
import torch

from fledge.model import masks
from fledge.model.scalar import ScalarModel
from model.small_models import CONFIG, make, random_ids


def make_scalar(config=CONFIG) -> ScalarModel:
    generator = torch.Generator().manual_seed(2)
    return ScalarModel.from_language_model(make(config), generator).eval()


@pytest.mark.parametrize("tied", [True, False])
def test_scores_are_the_head_on_the_hidden_states(tied):
    config = CONFIG.model_copy(update={"tied_embeddings": tied})
    model, language, ids = make_scalar(config), make(config), random_ids()
    with torch.no_grad():
        model.head.bias.fill_(0.5)
    expected = model.head(language.hidden(ids)).squeeze(-1)
    torch.testing.assert_close(model(ids), expected)


def test_the_trunk_is_a_copy():
    language = make()
    model = ScalarModel.from_language_model(language, torch.Generator().manual_seed(0))
    with torch.no_grad():
        model.trunk.token_embedding.weight.zero_()
    assert language.token_embedding.weight.any()
    assert model.trunk.head is None


def test_head_deviation_is_that_of_the_paper():
    config = CONFIG.model_copy(update={"width": 4000, "num_layers": 1})
    model = make_scalar(config)
    assert model.head.weight.std().item() == pytest.approx(1 / 4001**0.5, rel=0.05)
    assert model.head.bias.item() == 0


def test_right_padding_does_not_change_a_score():
    model, ids = make_scalar(), random_ids(1, 6)
    padded = torch.cat([ids, torch.zeros(1, 4, dtype=torch.long)], dim=1)
    assert torch.allclose(model(padded)[:, :6], model(ids), atol=1e-6)
    is_token = torch.tensor([[0, 0, 1, 1, 1, 1, 1, 1]]).bool()
    left = torch.cat([torch.zeros(1, 2, dtype=torch.long), ids], dim=1)
    found = model(left, masks.padded_positions(is_token), masks.padded(is_token))
    assert torch.allclose(found[:, 2:], model(ids), atol=1e-5)


def test_scores_are_fp32_under_autocast():
    model = make_scalar()
    with torch.no_grad():
        model.head.bias.fill_(100.0)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        scores = model(random_ids())
    # bf16 would round 100.xx to steps of 0.5.
    assert scores.dtype == torch.float32
    assert ((scores * 2) != (scores * 2).round()).any()
