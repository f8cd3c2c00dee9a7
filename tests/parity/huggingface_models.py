"""Random models of `transformers`, and the comparisons that every family must pass."""

import torch
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, PreTrainedModel

from fledge.checkpoint.model_files import (
    load_language_model,
    load_scalar_model,
    save_language_model,
    save_scalar_model,
)
from fledge.model import masks
from fledge.model.cache import KeyValueCache
from fledge.model.gpt import GPT
from fledge.model.huggingface import family_of, from_huggingface, to_huggingface
from fledge.model.huggingface.family import write_tensors
from fledge.model.scalar import ScalarModel
from fledge.text.chat import ChatTemplate
from fledge.text.tokenizer import Tokenizer

VOCABULARY = 97
SMALL = {
    "vocab_size": VOCABULARY,
    "hidden_size": 24,
    "intermediate_size": 52,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 48,
    "pad_token_id": None,
    "bos_token_id": None,
    "eos_token_id": None,
}


def tokenizer() -> Tokenizer:
    """97 ids: 90 characters, the unknown one and the six special tokens."""
    made = Tokenizer.characters(["".join(map(chr, range(33, 123)))])
    assert made.vocabulary_size == VOCABULARY
    return made


def perturb(model: torch.nn.Module) -> torch.nn.Module:
    """Move every parameter off its initial value: norms of 1 and biases of 0 hide mistakes."""
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += torch.randn(parameter.shape, generator=generator) * 0.05
    return model.eval()


def theirs(config) -> PreTrainedModel:
    torch.manual_seed(3)
    return perturb(AutoModelForCausalLM.from_config(config))


def ours(model: PreTrainedModel) -> GPT:
    config, state = from_huggingface(model.config.to_dict(), model.state_dict())
    gpt = GPT(config)
    gpt.load_state_dict(state)
    return gpt.eval()


def random_ids(rows: int = 3, length: int = 11) -> torch.Tensor:
    return torch.randint(0, VOCABULARY, (rows, length), generator=torch.Generator().manual_seed(5))


def check_logits_and_gradients(model: PreTrainedModel) -> None:
    """One row is left-padded; only logits of tokens are compared."""
    gpt, ids = ours(model), random_ids()
    is_token = torch.ones_like(ids, dtype=torch.bool)
    is_token[1, :4] = False
    positions = masks.padded_positions(is_token)
    expected = model(ids, attention_mask=is_token.long(), position_ids=positions).logits
    found = gpt(ids, positions, masks.padded(is_token))
    torch.testing.assert_close(found[is_token], expected[is_token], atol=1e-5, rtol=0)

    weights = torch.randn(expected[is_token].shape, generator=torch.Generator().manual_seed(1))
    (expected[is_token] * weights).sum().backward()
    (found[is_token] * weights).sum().backward()
    family = family_of(model.config.to_dict())
    gradients = {name: parameter.grad for name, parameter in gpt.named_parameters()}
    found_gradients = write_tensors(family.language_entries(gpt.config), gradients)
    expected_gradients = {name: p.grad for name, p in model.named_parameters()}
    assert found_gradients.keys() == expected_gradients.keys()
    for name, gradient in expected_gradients.items():
        error = (found_gradients[name] - gradient).norm() / gradient.norm()
        assert error < 1e-4, name


@torch.no_grad()
def check_cached_steps(model: PreTrainedModel) -> None:
    """Four tokens at once, then one by one."""
    gpt, ids = ours(model), random_ids()
    cache, past = KeyValueCache(gpt.config, 3, 16), None
    for start, end in [(0, 4)] + [(t, t + 1) for t in range(4, 11)]:
        step = model(ids[:, start:end], past_key_values=past, use_cache=True)
        past = step.past_key_values
        found = gpt(ids[:, start:end], cache=cache)
        torch.testing.assert_close(found, step.logits, atol=1e-5, rtol=0)


@torch.no_grad()
def check_greedy_ids(model: PreTrainedModel) -> None:
    gpt, ids = ours(model), random_ids(length=5)
    expected = model.generate(ids, max_new_tokens=20, do_sample=False, eos_token_id=None)
    cache = KeyValueCache(gpt.config, 3, 32)
    logits, found = gpt(ids, cache=cache), [ids]
    for _ in range(20):
        found.append(logits[:, -1:].argmax(dim=-1))
        logits = gpt(found[-1], cache=cache)
    assert torch.equal(torch.cat(found, dim=1), expected)


@torch.no_grad()
def check_both_directions(model: PreTrainedModel, directory) -> None:
    """theirs → ours → theirs → ours: the same logits, identical tensors."""
    model.save_pretrained(directory / "theirs")
    tokenizer().save(directory / "theirs")
    first = load_language_model(directory / "theirs")
    ids = random_ids()
    torch.testing.assert_close(first.model(ids), model(ids).logits, atol=1e-5, rtol=0)

    save_language_model(directory / "ours", first.model, first.tokenizer, ChatTemplate())
    back, report = AutoModelForCausalLM.from_pretrained(
        directory / "ours", output_loading_info=True
    )
    assert not any(report.values())
    # Class names may differ: Mistral is saved as the Llama that it is.
    assert back.state_dict().keys() == model.state_dict().keys()
    for name, tensor in model.state_dict().items():
        assert torch.equal(back.state_dict()[name], tensor), name

    again = load_language_model(directory / "ours")
    assert again.model.config == first.model.config
    save_language_model(directory / "again", again.model, again.tokenizer, ChatTemplate())
    for name in ("model.safetensors", "config.json", "generation_config.json"):
        assert (directory / "again" / name).read_bytes() == (directory / "ours" / name).read_bytes()


@torch.no_grad()
def check_classifier(model: PreTrainedModel, directory) -> None:
    """A reward model of ours is a one-label classifier of theirs, and the reverse."""
    gpt = ours(model)
    scalar = ScalarModel.from_language_model(gpt, torch.Generator().manual_seed(1)).eval()
    save_scalar_model(directory / "ours", scalar, tokenizer(), ChatTemplate())
    classifier, report = AutoModelForSequenceClassification.from_pretrained(
        directory / "ours", output_loading_info=True
    )
    assert report["unexpected_keys"] == {"score.bias"}
    assert not report["missing_keys"] and not report["mismatched_keys"]
    ids = random_ids().clamp(max=80)
    pad = classifier.config.pad_token_id
    ids[1, 7:] = pad
    scores = scalar(ids)
    expected = torch.stack([scores[0, -1], scores[1, 6], scores[2, -1]])
    found = classifier(ids, attention_mask=(ids != pad).long()).logits[:, 0]
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)

    perturb(classifier).save_pretrained(directory / "theirs")
    tokenizer().save(directory / "theirs")
    loaded = load_scalar_model(directory / "theirs").model
    found = classifier(ids, attention_mask=(ids != pad).long()).logits[:, 0]
    torch.testing.assert_close(loaded(ids)[[0, 2], -1], found[[0, 2]], atol=1e-5, rtol=0)


def check_scalar_round_trip(model: PreTrainedModel, directory) -> None:
    """The bias, which their classifiers lack, is kept."""
    scalar = ScalarModel.from_language_model(ours(model), torch.Generator().manual_seed(1)).eval()
    with torch.no_grad():
        scalar.head.bias.fill_(0.25)
    save_scalar_model(directory, scalar, tokenizer(), ChatTemplate())
    loaded = load_scalar_model(directory).model
    for name, tensor in scalar.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor), name


def check_written_config_reads_back(model: PreTrainedModel) -> None:
    gpt = ours(model)
    config_json, tensors = to_huggingface(gpt.config, gpt.state_dict())
    config, _ = from_huggingface(config_json, tensors)
    assert config == gpt.config
