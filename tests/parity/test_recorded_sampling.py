"""The real GPT-2's next token after a prompt, with the sampling table that was recorded of it."""

import re

import pytest
import torch

from fledge.generate.sampling import choose, exponential_noise, scale_by_temperature, top_k_filter
from fledge.text.tokenizer import Tokenizer
from shared_data import shared_data

pytestmark = pytest.mark.shared_data

TEMPERATURE = 0.8


@pytest.fixture(scope="module")
def recorded() -> str:
    return shared_data("weights/gpt2_recorded_ex0.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def logits(recorded) -> torch.Tensor:
    numbers = re.search(r"logits: \[(.*?)\]", recorded, re.DOTALL)
    return torch.tensor([float(number) for number in numbers[1].split(",") if number.strip()])[None]


@pytest.fixture(scope="module")
def table(recorded) -> list[dict[str, float]]:
    """Id, logit over the temperature and probability of the tokens that the filter kept."""
    rows = re.search(r"\tprobabilities: \[(.*?)\n\t\]", recorded, re.DOTALL)[1].split("},")
    fields = ("tokenId", "scaledLogit", "probability")
    found = [{f: re.search(rf"\b{f}: (-?[\d.e-]+)", row) for f in fields} for row in rows]
    table = [{f: float(m[1]) for f, m in row.items() if m} for row in found]
    return [row for row in table if row.get("probability")]


def test_the_prompt_has_the_recorded_ids(recorded):
    tokenizer = Tokenizer.load(shared_data("weights/gpt2_tokenizer"))
    prompt = re.search(r"prompt: '(.*?)'", recorded)[1]
    ids = re.search(r"tokenIds: \[(.*?)\]", recorded)[1]
    assert tokenizer.encode(prompt) == [int(token_id) for token_id in ids.split(",")]


def test_temperature_and_top_k_give_the_recorded_table(logits, table):
    assert logits.shape == (1, 50257) and len(table) > 3
    scaled = scale_by_temperature(logits, torch.tensor([TEMPERATURE]))
    kept = top_k_filter(scaled, torch.tensor([len(table)]))
    assert set(kept[0].isfinite().nonzero()[:, 0].tolist()) == {int(r["tokenId"]) for r in table}
    probabilities = kept.softmax(dim=-1)[0]
    for row in table:
        token_id = int(row["tokenId"])
        assert kept[0, token_id].item() == pytest.approx(row["scaledLogit"], abs=1e-4)
        assert probabilities[token_id].item() == pytest.approx(row["probability"], abs=1e-6)
    assert probabilities.sum().item() == pytest.approx(1.0, abs=1e-6)


def test_draws_come_as_often_as_the_table_says(logits, table):
    draws = 4000
    kept = top_k_filter(logits / TEMPERATURE, torch.tensor([len(table)]))
    rows = [int(row["tokenId"]) for row in table]
    small = kept[:, rows].expand(draws, -1)
    generators = [torch.Generator().manual_seed(seed) for seed in range(draws)]
    noise = exponential_noise(generators, small)
    chosen = choose(small, torch.full((draws,), TEMPERATURE), noise)
    share = torch.bincount(chosen, minlength=len(rows)) / draws
    expected = torch.tensor([row["probability"] for row in table])
    deviation = (expected * (1 - expected) / draws).sqrt()
    assert ((share - expected).abs() < 4 * deviation).all()
