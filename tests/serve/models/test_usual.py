"""Sampling of requests that name none: the operator's, else the model's, else the usual."""

from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from fledge.checkpoint.recommended import Recommended
from fledge.generate import SamplingParams
from fledge.serve import create_app
from fledge.serve.models.loading import named, served_models
from fledge.text.tokenizer import Tokenizer
from serving import ScriptedEngine, served
from tiny_model import write_language_model

SMALL = Recommended(temperature=0.2, top_p=0.9, max_new_tokens=50)
BODY = {"model": "tiny", "messages": [{"role": "user", "content": "Why?"}]}


def asked(tokenizer: Tokenizer, given: SamplingParams, **wishes: object) -> SamplingParams:
    """Return the sampling that the engine is asked for, on a server with these options."""
    engine = ScriptedEngine(tokenizer, "Hi")
    model = replace(served(engine, tokenizer), recommended=SMALL)
    other = served(engine, tokenizer, id_="other")
    app = create_app([model, other], sampling=given)
    with TestClient(app, base_url="http://localhost") as client:
        assert client.post("/v1/chat/completions", json={**BODY, **wishes}).is_success
    return engine.requests[-1].sampling


@pytest.mark.parametrize(
    ("given", "wishes", "expected"),
    [
        ({}, {}, (0.2, 0.9, 50)),
        ({"temperature": 0.5}, {}, (0.5, 0.9, 50)),
        ({"temperature": 1.0, "top_p": 1.0}, {}, (1.0, 1.0, 50)),
        ({"temperature": 0.5}, {"temperature": 0.1, "max_tokens": 7}, (0.1, 0.9, 7)),
        ({}, {"top_p": 1}, (0.2, 1.0, 50)),
        ({}, {"model": "other"}, (0.7, 1.0, 121)),
    ],
)
def test_the_first_that_says_something_wins(tiny_tokenizer, given, wishes, expected) -> None:
    sampling = asked(tiny_tokenizer, SamplingParams(**given), **wishes)
    assert (sampling.temperature, sampling.top_p, sampling.max_new_tokens) == expected
    assert sampling.stop_repetition


def test_a_checkpoint_is_served_with_its_recommendation(tmp_path) -> None:
    output = write_language_model(tmp_path / "sft")
    path = output / "step-00000020" / "generation_config.json"
    path.write_text(path.read_text().replace("{", '{"temperature": 0.2, "top_p": 0.9,', 1))
    (model,) = served_models(named([str(output)]), max_batch=1)
    assert model.recommended == Recommended(temperature=0.2, top_p=0.9)
