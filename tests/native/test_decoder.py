"""The compiled step against torch's, which is the oracle."""

import copy
import shutil
import subprocess

import pytest
import torch

from fledge.generate import Request, SamplingParams, native_decoder
from fledge.generate.engine import Engine
from fledge.generate.native_decoder import NativeDecoder
from fledge.model.attention import record_attention
from fledge.model.eight_bit import round_to_eight_bits
from fledge.model.gpt import GPT
from fledge.model.lora import LoRAConfig, adapt
from fledge.native.library import FLAGS, compiled, find_compiler, fingerprint
from model.small_models import make
from native.decoding import (
    CONFIGS,
    LENGTHS,
    WIDE,
    by_torch,
    copy_of,
    decoder_of,
    filled,
    natively,
    new_ids,
)

pytestmark = pytest.mark.skipif(find_compiler() is None, reason="needs a C++ compiler")
DTYPES = [torch.float32, torch.bfloat16, torch.int8]
PORTABLE = tuple(flag for flag in FLAGS if flag != "-march=native")


@pytest.fixture(scope="module")
def portable(tmp_path_factory):
    """The library without the instructions of this processor."""
    library = compiled(find_compiler(), tmp_path_factory.mktemp("portable"), PORTABLE)
    assert library is not None
    return library


def rounded(model: GPT) -> GPT:
    """The model in fp32 with the weights of its bfloat16 version: what both round from."""
    return copy.deepcopy(model).bfloat16().float()


def in_format(model: GPT, dtype: torch.dtype) -> GPT:
    if dtype == torch.int8:
        round_to_eight_bits(model)
        return model
    return model.to(dtype)


def distance(logits: torch.Tensor, exact: torch.Tensor) -> float:
    return float((logits - exact).square().mean().sqrt())


@pytest.mark.parametrize("name", CONFIGS)
def test_a_step_in_float32_gives_the_logits_and_the_cache_that_torch_gives(name) -> None:
    config = CONFIGS[name]
    model, ids, cache = make(config), new_ids(config, len(LENGTHS)), filled(config, LENGTHS)
    expected_cache = copy_of(cache)
    expected = by_torch(model, ids, expected_cache)
    torch.testing.assert_close(natively(model, ids, cache), expected, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(cache.keys, expected_cache.keys, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(cache.values, expected_cache.values, rtol=1e-5, atol=1e-5)
    assert cache.lengths.tolist() == [length + 1 for length in LENGTHS]


@pytest.mark.parametrize("name", CONFIGS)
def test_a_step_in_bfloat16_is_as_near_to_float32_as_torch_is(name) -> None:
    config = CONFIGS[name]
    exact_model = rounded(make(config))
    model, ids = copy.deepcopy(exact_model).bfloat16(), new_ids(config, len(LENGTHS))
    cache = filled(config, LENGTHS)
    exact = by_torch(exact_model, ids, copy_of(cache))
    of_torch = distance(by_torch(model, ids, copy_of(cache)), exact)
    assert 0 < distance(natively(model, ids, cache), exact) <= 1.1 * of_torch


@pytest.mark.parametrize("name", CONFIGS)
def test_a_step_in_8_bits_is_that_of_the_rounded_weights(name) -> None:
    config = CONFIGS[name]
    model = in_format(make(config), torch.int8)
    ids, cache = new_ids(config, len(LENGTHS)), filled(config, LENGTHS)
    exact = by_torch(model, ids, copy_of(cache))
    assert distance(natively(model, ids, cache), exact) < 3e-4 * float(exact.std())


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_other_processors_compute_the_same(name, dtype, portable) -> None:
    config = CONFIGS[name]
    model = in_format(make(config), dtype)
    exact_model = model if dtype == torch.int8 else copy.deepcopy(model).float()
    ids = new_ids(config, len(LENGTHS))
    cache = filled(config, LENGTHS)
    exact = by_torch(exact_model, ids, copy_of(cache))
    logits = natively(NativeDecoder(model, portable), ids, cache)
    torch.testing.assert_close(logits, exact, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("name", ["Qwen3", "GPT-2", "odd sizes"])
def test_a_row_gets_the_same_bits_alone_as_in_company(name, dtype) -> None:
    config = CONFIGS[name]
    decoder = decoder_of(in_format(make(config), dtype))
    ids, cache = new_ids(config, len(LENGTHS)), filled(config, LENGTHS)
    alone = [
        natively(decoder, ids[row : row + 1], cache.taken(torch.tensor([row])))
        for row in range(len(LENGTHS))
    ]
    assert torch.equal(natively(decoder, ids, cache), torch.cat(alone))


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_the_number_of_threads_changes_no_bit(dtype) -> None:
    decoder = decoder_of(in_format(make(WIDE), dtype))
    ids, cache = new_ids(WIDE, len(LENGTHS)), filled(WIDE, LENGTHS)
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 5):
            torch.set_num_threads(threads)
            found.append(natively(decoder, ids, copy_of(cache)))
    finally:
        torch.set_num_threads(before)
    assert torch.equal(found[0], found[1]) and torch.equal(found[0], found[2])


def test_slots_beyond_a_row_are_never_read() -> None:
    model, ids, cache = make(WIDE), new_ids(WIDE, 3), filled(WIDE, [4, 90, 64])
    expected = natively(model, ids, copy_of(cache))
    for row, length in enumerate([4, 90, 64]):
        cache.keys[:, row, :, length:] = float("nan")
        cache.values[:, row, :, length:] = float("nan")
    assert torch.equal(natively(model, ids, cache), expected)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("damaged", ["token_embedding", "blocks.0.feed_forward.down"])
def test_damaged_weights_give_nan_and_no_number(damaged, dtype) -> None:
    model = make(WIDE)
    with torch.no_grad():
        model.get_submodule(damaged).weight.fill_(float("nan"))
    model = in_format(model, dtype)
    assert natively(model, new_ids(WIDE, 2), filled(WIDE, [3, 9])).isnan().all()


def test_greedy_answers_are_those_of_torch() -> None:
    model = make(WIDE, noise=0.2)
    prompts = [tuple(new_ids(WIDE, length, seed=length).tolist()) for length in (1, 5, 70, 33)]
    requests = [
        Request(str(index), prompt, SamplingParams(temperature=0.0, max_new_tokens=80))
        for index, prompt in enumerate(prompts)
    ]
    expected = Engine(model, max_batch=3, native=False).generate(requests)
    found = Engine(model, max_batch=3).generate(requests)
    assert [answer.ids for answer in found] == [answer.ids for answer in expected]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_an_engine_sees_that_its_model_has_learned(dtype) -> None:
    model = make(WIDE, noise=0.2).to(dtype)
    engine = Engine(model, max_batch=1)
    requests = [Request("a", (1, 2), SamplingParams(temperature=0.0, max_new_tokens=40))]
    engine.generate(requests)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(1.5).add_(0.05)  # norms too, which bfloat16 models have copies of
    expected = Engine(model, max_batch=1).generate(requests)
    assert engine.generate(requests) == expected
    model.load_state_dict({n: -w for n, w in model.state_dict().items()}, assign=True)
    expected = Engine(model, max_batch=1).generate(requests)
    assert engine.generate(requests) == expected


def test_a_workspace_that_only_a_long_text_needed_is_given_back(monkeypatch) -> None:
    monkeypatch.setattr(native_decoder, "MOST_KEPT_BYTES", 0)
    engine = Engine(make(WIDE), max_batch=1)
    engine.generate([Request("a", (1, 2), SamplingParams(max_new_tokens=3))])
    assert engine._native is not None and engine._native._workspace.numel() == 0


def test_only_plain_models_on_the_cpu_have_a_native_decoder() -> None:
    class Another(GPT):
        pass

    adapted, mixed = make(WIDE), make(WIDE)
    adapt(adapted, LoRAConfig(rank=2), torch.Generator().manual_seed(0))
    mixed.token_embedding.bfloat16()
    for model in (Another(WIDE), adapted, mixed, make(WIDE).double(), GPT(WIDE).to("meta")):
        assert NativeDecoder.of(model) is None


def test_what_the_step_would_pass_by_is_left_to_torch() -> None:
    model = make(WIDE)
    one = decoder_of(model)
    assert one.is_usable
    with record_attention(model):
        assert not one.is_usable
    with torch.autocast("cpu"):
        assert not one.is_usable
    assert one.is_usable


def test_an_engine_records_attention_while_it_decodes() -> None:
    model = make(WIDE)
    with record_attention(model) as maps:
        request = Request("a", (1, 2), SamplingParams(temperature=0.0, max_new_tokens=3))
        Engine(model, max_batch=1).generate([request])
    assert len(maps) == 3 * WIDE.num_layers


def test_without_a_compiler_torch_decodes(tmp_path, caplog) -> None:
    caplog.set_level("INFO")
    assert compiled(None, tmp_path) is None
    assert caplog.messages == [
        "no C++ compiler found: torch attends and decodes, slower, otherwise the same"
    ]


def test_a_compiler_that_fails_is_said_and_torch_decodes(tmp_path, caplog) -> None:
    broken = shutil.which("false")
    assert broken is not None
    assert compiled(broken, tmp_path / "cache") is None
    assert "fledge's C++ cannot be used, so torch attends and decodes" in caplog.text
    assert list((tmp_path / "cache").iterdir()) == []


def test_the_compilers_own_error_is_told(tmp_path, caplog) -> None:
    broken = tmp_path / "g++"
    broken.write_text(
        "#!/bin/sh\necho In file included >&2\necho fatal error: no cmath >&2\nexit 1\n"
    )
    broken.chmod(0o755)
    assert compiled(str(broken), tmp_path / "cache") is None
    assert caplog.messages[-1].endswith("torch attends and decodes: fatal error: no cmath")


@pytest.mark.parametrize(
    "source",
    ["int nothing() { return 0; }", "long long fledge_size(long long one) { return one; }"],
)
def test_a_library_of_another_version_is_said_and_torch_decodes(source, tmp_path, caplog) -> None:
    compiler = find_compiler()
    assert compiler is not None
    (tmp_path / "other.c").write_text(source)
    path = tmp_path / f"native-{fingerprint(compiler, FLAGS)}.so"
    command = [compiler, "-x", "c", "-shared", "-fPIC", "-o", path, tmp_path / "other.c"]
    subprocess.run(command, check=True)
    assert compiled(compiler, tmp_path) is None
    assert "fledge's C++ cannot be used, so torch attends and decodes" in caplog.messages[-1]


def test_the_library_is_compiled_once(tmp_path, caplog) -> None:
    caplog.set_level("INFO")
    for _ in range(2):
        assert compiled(find_compiler(), tmp_path, (*FLAGS, "-O0")) is not None
    assert len(caplog.messages) == 1 and len(list(tmp_path.iterdir())) == 1
