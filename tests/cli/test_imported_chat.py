"""Models as others save them, with their own templates and special tokens, imported and asked."""

import io
from dataclasses import dataclass
from pathlib import Path

import openai
import pytest
import torch
from tokenizers import Tokenizer as Backend
from transformers import AutoModelForCausalLM

import fledge as package
from checkpoint.foreign_models import TEXTS, write_foreign, write_scripted
from fledge.checkpoint.exchange import import_model
from fledge.checkpoint.model_files import load_language_model, save_language_model
from fledge.generate import SamplingParams
from fledge.generate.text import answers
from fledge.serve import create_app
from fledge.serve.models.loading import served_models
from fledge.text.conversation import Conversation, Message
from serving import running
from text.foreign import save_chatml_style, save_llama3_style

ANSWER = "The moon pulls on the sea."
QUESTION = Conversation((Message("user", "What pulls on the sea?"),))
GREEDY = SamplingParams(temperature=0.0, max_new_tokens=20)


@dataclass(frozen=True)
class Imported:
    """`script` are the ids of `ANSWER` and of a token that only generation_config.json calls an
    end, or of the one that the tokenizer names."""

    theirs: Path
    ours: Path
    script: list[int]


def written(directory: Path, name: str, tokenizer: Backend, ends: list[str]) -> Imported:
    """A model that ends its answer with the first of `ends`."""
    end_ids = [tokenizer.token_to_id(end) for end in ends]
    script = [*tokenizer.encode(ANSWER).ids, end_ids[0]]
    write_scripted(directory, name, script, end_ids)
    import_model(directory, directory.with_name("ours"))
    return Imported(directory, directory.with_name("ours"), script)


@pytest.fixture(scope="module", params=["llama", "qwen"])
def imported(request, tmp_path_factory) -> Imported:
    directory = tmp_path_factory.mktemp(request.param) / "theirs"
    directory.mkdir()
    if request.param == "llama":
        ends = ["<|eom_id|>", "<|end_of_text|>", "<|eot_id|>"]
        return written(directory, "llama3", save_llama3_style(directory, TEXTS), ends)
    ends = ["<|im_end|>", "<|endoftext|>"]
    return written(directory, "qwen2", save_chatml_style(directory, TEXTS), ends)


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Path:
    """A GPT-2: one special token, no template."""
    directory = tmp_path_factory.mktemp("gpt2")
    write_foreign(directory / "theirs", "gpt2", template=None)
    import_model(directory / "theirs", directory / "ours")
    return directory / "ours"


def test_an_answer_ends_where_it_does_for_transformers(imported: Imported) -> None:
    loaded = package.load(imported.ours)
    prompt = loaded.template.render(QUESTION, loaded.tokenizer, generation_prompt=True).ids
    model = AutoModelForCausalLM.from_pretrained(imported.theirs)
    ids = torch.tensor([prompt])
    generated = model.generate(
        ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=20
    )
    assert generated[0, len(prompt) :].tolist() == imported.script
    (answer,) = answers(loaded, [QUESTION], GREEDY)
    assert (answer.text, answer.finish_reason) == (ANSWER, "stop")
    assert answer.completion_tokens == len(imported.script)


def test_what_ends_an_answer_stays_known_after_training(imported: Imported, tmp_path: Path) -> None:
    loaded = load_language_model(imported.ours)
    save_language_model(tmp_path, loaded.model, loaded.tokenizer, loaded.template)
    assert imported.script[-1] in loaded.tokenizer.stop_ids
    assert load_language_model(tmp_path).tokenizer.stop_ids == loaded.tokenizer.stop_ids


def test_generate_answers(fledge, imported: Imported) -> None:
    code, out, err = fledge("generate", imported.ours, "What pulls on the sea?", "-t", 0)
    assert (code, out) == (0, f"{ANSWER}\n"), err


def test_chat_answers(fledge, imported: Imported, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))  # where what was typed is remembered
    monkeypatch.setattr("sys.stdin", io.StringIO("What pulls?\nAnd again?\n"))
    code, out, err = fledge("chat", imported.ours, "--system", "Be brief.", "-t", 0)
    assert code == 0, err
    assert out.count(ANSWER) == 2


def test_the_server_answers(imported: Imported) -> None:
    messages = [{"role": "user", "content": "What pulls on the sea?"}]
    asked = {"model": "sea", "messages": messages, "temperature": 0, "max_tokens": 20}
    with (
        running(create_app(served_models({"sea": imported.ours}, max_batch=2))) as url,
        openai.OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as client,
    ):
        (whole,) = client.chat.completions.create(**asked).choices
        stream = client.chat.completions.create(**asked, stream=True)
        pieces = [chunk.choices[0] for chunk in stream]
    assert (whole.message.content, whole.finish_reason) == (ANSWER, "stop")
    assert "".join(piece.delta.content or "" for piece in pieces) == ANSWER
    assert pieces[-1].finish_reason == "stop"


def test_a_base_model_is_told_from_one_that_chats(fledge, base: Path, imported: Imported) -> None:
    for words in (["chat", base], ["generate", base, "What pulls?"]):
        code, out, err = fledge(*words)
        assert (code, out) == (1, "")
        assert "this is a base model" in err and "fledge import … --chat-tokens" in err
    code, out, _ = fledge("generate", base, "The tide", "--raw", "-t", 0, "--max-new-tokens", 3)
    assert code == 0 and out.startswith("The tide")


def test_a_chat_does_not_go_over_to_a_base_model(
    fledge, base: Path, imported: Imported, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr("sys.stdin", io.StringIO(f"/model {base}\nWhat pulls?\n"))
    code, out, _ = fledge("chat", imported.ours, "-t", 0)
    assert code == 0
    assert "error: " in out and "this is a base model" in out and ANSWER in out


def test_a_served_base_model_completes_but_does_not_chat(base: Path) -> None:
    with (
        running(create_app(served_models({"base": base}, max_batch=2))) as url,
        openai.OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as client,
    ):
        with pytest.raises(openai.BadRequestError, match="this is a base model"):
            client.chat.completions.create(
                model="base", messages=[{"role": "user", "content": "What pulls?"}]
            )
        completed = client.completions.create(model="base", prompt="The tide", max_tokens=3)
    assert completed.usage is not None and completed.usage.completion_tokens <= 3
