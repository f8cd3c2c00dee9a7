import json

import pytest
import torch

from checkpoint.foreign_models import write_foreign
from fledge.checkpoint.exchange import export_model, import_model
from fledge.checkpoint.model_files import load_language_model
from fledge.generate.engine import Engine
from fledge.generate.request import Request, SamplingParams


@pytest.mark.parametrize("padding", [1, 7, 32, 300, 1000])
def test_rows_beyond_the_tokenizer_are_never_written_and_have_no_probability(tmp_path, padding):
    model = write_foreign(tmp_path / "theirs", "qwen2")
    size = model.config.vocab_size
    model.resize_token_embeddings(size + padding, mean_resizing=False)
    with torch.no_grad():  # the likeliest by far, if they were tokens
        model.get_output_embeddings().weight[size:] = 0.0
        model.get_output_embeddings().weight[:size] *= 1e-6
    model.save_pretrained(tmp_path / "theirs")
    import_model(tmp_path / "theirs", tmp_path / "ours")
    export_model(tmp_path / "ours", tmp_path / "back")
    for directory in (tmp_path / "ours", tmp_path / "back"):
        assert json.loads((directory / "config.json").read_text())["vocab_size"] == size + padding
    loaded = load_language_model(tmp_path / "ours")
    assert loaded.tokenizer.vocabulary_size == size
    engine = Engine(loaded.model, max_batch=1, num_tokens=size)
    sampling = SamplingParams(max_new_tokens=20, temperature=1.0, seed=1, num_alternatives=20)
    request = Request(id="a", prompt=(5, 6), sampling=sampling, banned_ids=loaded.banned_ids)
    completion = engine.generate([request])[0]
    assert len(completion.ids) == 20 and max(completion.ids) < size
    scored = engine.score((5, 6, 7), 20)
    assert all(id_ < size for token in scored for id_, _ in token.alternatives)
    total = torch.tensor([log_prob for _, log_prob in engine.score((5, 6), size)[1].alternatives])
    assert float(total.exp().sum()) == pytest.approx(1.0, abs=1e-4)
