import pytest

from fledge.checkpoint.model_files import LoadedModel
from fledge.errors import PromptTooLong
from fledge.generate import Request, SamplingParams, TokenEvent
from fledge.generate.engine import Engine
from fledge.generate.text import Writer, answer, answers, chat_request, stream_answer
from fledge.text.chat import ChatTemplate
from fledge.text.conversation import Conversation
from fledge.text.tokenizer import Tokenizer
from model.small_models import CONFIG, make

HELLO = Conversation(()).then("user", "Hello there")
TEXTS = ["the tide comes in and the tide goes out, again and again: héllo wörld — ça va? " * 8]


@pytest.fixture(scope="module")
def tokenizer():
    return Tokenizer.train(TEXTS, 300)


@pytest.fixture(scope="module")
def loaded(tokenizer):
    size = {"vocabulary_size": tokenizer.vocabulary_size + 8, "context_length": 96}
    return LoadedModel(make(CONFIG.model_copy(update=size), noise=0.2), tokenizer, ChatTemplate())


def ids_of(loaded, conversation, sampling):
    request = chat_request("a", loaded, conversation, sampling)
    return request, Engine(loaded.model, max_batch=1).generate([request])[0]


def collect(stream):
    pieces = []
    while True:
        try:
            pieces.append(next(stream))
        except StopIteration as end:
            return pieces, end.value


def test_the_answer_is_the_text_of_the_sampled_ids(loaded, tokenizer):
    for seed in range(6):
        sampling = SamplingParams(seed=seed, max_new_tokens=30)
        _, completion = ids_of(loaded, HELLO, sampling)
        spoken = [i for i in completion.ids if i not in tokenizer.stop_ids]
        assert answer(loaded, HELLO, sampling) == tokenizer.decode(spoken)


def test_streamed_pieces_make_the_same_answer(loaded):
    for seed in range(6):
        sampling = SamplingParams(seed=seed, max_new_tokens=30)
        pieces, whole = collect(stream_answer(loaded, HELLO, sampling))
        assert "".join(pieces) == whole.text == answer(loaded, HELLO, sampling)
        assert all(pieces)


def test_answers_to_many_are_those_to_each_alone(loaded):
    conversations = [Conversation(()).then("user", "Hello" + " there" * n) for n in range(5)]
    sampling = SamplingParams(seed=3, max_new_tokens=20)
    many = answers(loaded, conversations, sampling)
    assert [one.text for one in many] == [answer(loaded, c, sampling) for c in conversations]
    assert [one.prompt_tokens for one in many] == sorted(one.prompt_tokens for one in many)


def test_a_stop_text_ends_the_answer_before_it(loaded):
    sampling = SamplingParams(seed=1, max_new_tokens=40)
    text = answer(loaded, HELLO, sampling)
    stop = text[10:13]
    limited = sampling.model_copy(update={"stop": (stop,)})
    (found,) = answers(loaded, [HELLO], limited)
    assert found.text == text[: text.index(stop)]
    assert found.finish_reason == "stop"
    assert found.completion_tokens < 40
    pieces, whole = collect(stream_answer(loaded, HELLO, limited))
    assert "".join(pieces) == found.text and whole == found


def test_the_answer_counts_its_tokens(loaded):
    sampling = SamplingParams(seed=0, max_new_tokens=30)
    request, completion = ids_of(loaded, HELLO, sampling)
    (found,) = answers(loaded, [HELLO], sampling)
    assert found.prompt_tokens == len(request.prompt)
    assert found.completion_tokens == len(completion.ids)
    assert found.finish_reason == completion.finish_reason


def test_template_tokens_and_padding_of_the_vocabulary_are_never_sampled(loaded, tokenizer):
    request = chat_request("a", loaded, HELLO, SamplingParams(temperature=100.0, seed=0))
    assert request.banned_ids >= tokenizer.banned_ids
    assert request.banned_ids >= set(range(tokenizer.vocabulary_size, 308))
    allowed = frozenset(range(308)) - request.banned_ids
    ids = Engine(loaded.model, max_batch=1).generate([request])[0].ids
    assert allowed.issuperset(ids)


def test_old_turns_are_dropped_to_keep_room_for_the_answer(loaded):
    long = HELLO
    for _ in range(12):
        long = long.then("assistant", "the tide goes out").then("user", "and comes in again")
    request = chat_request("a", loaded, long, SamplingParams())
    assert 50 < len(request.prompt) <= 96 - 24
    little = chat_request("a", loaded, long, SamplingParams(max_new_tokens=4))
    assert len(request.prompt) < len(little.prompt) <= 96 - 4


def test_one_message_too_long_is_refused(loaded):
    with pytest.raises(PromptTooLong):
        answer(loaded, Conversation(()).then("user", "q w x z " * 60))


def test_a_writer_holds_back_half_a_character_and_ends_once(tokenizer):
    request = Request("a", (1,), SamplingParams(), frozenset({tokenizer.special.end}))
    writer = Writer(tokenizer, request)
    ids = tokenizer.encode("ok é")
    pieces = [writer.take(TokenEvent("a", i, 0.0, (), None)) for i in ids]
    assert "".join(pieces) == "ok é" and "\ufffd" not in "".join(pieces)
    assert writer.take(TokenEvent("a", tokenizer.special.end, 0.0, (), "stop")) == ""
    assert writer.take(TokenEvent("a", None, 0.0, (), "cancelled")) == ""
    assert writer.answer().finish_reason == "stop"
    assert writer.answer().completion_tokens == len(ids) + 1


def test_a_cancelled_answer_keeps_what_was_written(tokenizer):
    writer = Writer(tokenizer, Request("a", (1,), SamplingParams()))
    for i in tokenizer.encode("the tide"):
        writer.take(TokenEvent("a", i, 0.0, (), None))
    writer.take(TokenEvent("a", None, 0.0, (), "cancelled"))
    assert (writer.answer().text, writer.answer().finish_reason) == ("the tide", "cancelled")
