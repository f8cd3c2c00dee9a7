from pathlib import Path

import pytest
import torch

from fledge.data.records import Placed, Skipped
from fledge.data.rendering import (
    collate_rankings,
    render_demonstrations,
    render_prompts,
    render_rankings,
    spread,
)
from fledge.errors import DataError, RecordError
from fledge.feedback.records import ChatTurn, Ranking, Response
from fledge.text.chat import ChatTemplate
from fledge.text.conversation import Conversation

CHATML = (
    "{% for m in messages %}<|user|>{{ m['role'] }}\n{{ m['content'] }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|user|>assistant\n{% endif %}"
)


def chat(*contents, system=None):
    conversation = Conversation(())
    if system:
        conversation = conversation.then("system", system)
    for number, content in enumerate(contents):
        conversation = conversation.then("assistant" if number % 2 else "user", content)
    return conversation


def ranking(prompt, answers, order=None):
    turns = tuple(ChatTurn(role=m.role, content=m.content) for m in prompt.messages)
    responses = tuple(Response(id=str(i), content=text) for i, text in enumerate(answers))
    tiers = order or [[i] for i in range(len(answers))]
    ids = tuple(tuple(str(i) for i in tier) for tier in tiers)
    return Ranking(prompt=turns, responses=responses, ranking=ids)


def side_by_side(rankings, tokenizer, template, length):
    rendered = render_rankings(rankings, tokenizer, template, length, 9).rankings
    return collate_rankings(rendered, tokenizer.special.pad)


def length_of(conversation, tokenizer, template):
    return len(template.render(conversation, tokenizer).ids)


def test_what_fits_is_the_template_s_own_rendering(tokenizer, template):
    conversation = chat("the fox", "jumps", "and then", "it sleeps", system="the sun")
    (rendered,) = render_demonstrations([conversation], tokenizer, template, 200)
    assert rendered == template.render(conversation, tokenizer)


def test_a_long_chat_loses_its_oldest_whole_turns_but_not_the_system_turn(tokenizer, template):
    turns = ("the quick fox", "brown", "the lazy dog", "sleeps", "and then", "it jumps")
    whole = chat(*turns, system="the sun")
    for kept in (6, 4, 2):
        expected = template.render(chat(*turns[-kept:], system="the sun"), tokenizer)
        length = len(expected.ids) - 1
        (rendered,) = render_demonstrations([whole], tokenizer, template, length)
        assert rendered == expected


def test_the_last_answer_loses_its_tail_and_so_its_end(tokenizer, template):
    conversation = chat("the fox", "jumps over the lazy dog and then it sleeps")
    length = length_of(conversation, tokenizer, template) - 3
    (rendered,) = render_demonstrations([conversation], tokenizer, template, length)
    assert len(rendered.ids) == length + 1
    assert rendered.ids[-1] != tokenizer.special.end
    assert any(rendered.loss_mask)


def test_no_supervised_token_is_refused_or_listed(tokenizer, template):
    conversations = [chat("the fox", "jumps"), chat("the quick brown fox " * 20, "jumps")]
    with pytest.raises(RecordError, match=r"my\.jsonl:2: .*within 16 tokens, found none in the"):
        render_demonstrations(conversations, tokenizer, template, 16, source="my.jsonl")
    skipped = Skipped()
    kept = render_demonstrations(conversations, tokenizer, template, 16, skipped=skipped)
    assert len(kept) == 1 and len(skipped) == 1
    with pytest.raises(DataError, match="no conversation fits 16 tokens"):
        render_demonstrations(conversations[1:], tokenizer, template, 16, skipped=skipped)


@pytest.mark.parametrize("source", [None, CHATML])
def test_answers_follow_their_prompt_and_end_with_the_end_token(tokenizer, source):
    template = ChatTemplate(source) if source else ChatTemplate()
    prompt = chat("the fox", "jumps", "and then")
    batch = side_by_side(
        [ranking(prompt, ["it sleeps", "the dog"], [[1], [0]])], tokenizer, template, 100
    )
    for column, answer in enumerate(["the dog", "it sleeps"]):
        ids = batch.ids[0, column, : batch.lengths[0, column]].tolist()
        whole = template.render(prompt.then("assistant", answer), tokenizer).ids
        assert ids == whole[: len(ids)]
        assert ids[-1] == tokenizer.special.end
        assert tokenizer.decode(ids).endswith(answer)
    assert batch.ranks.tolist() == [[0, 1]]


def test_missing_answers_and_padding_are_marked(tokenizer, template):
    batch = side_by_side(
        [
            ranking(chat("the fox"), ["a", "b", "c"], [[0, 1], [2]]),
            ranking(chat("the dog"), ["it sleeps all day long", "d"]),
        ],
        tokenizer,
        template,
        100,
    )
    assert batch.ranks.tolist() == [[0, 0, 1], [0, 1, -1]]
    assert batch.lengths[1, 2] == 0
    beyond = torch.arange(batch.ids.shape[2]) >= batch.lengths[:, :, None]
    assert (batch.ids[beyond] == tokenizer.special.pad).all()
    assert batch.weight == 2
    assert batch.ids.shape[2] == batch.lengths.max()


def test_all_answers_see_the_same_turns_of_a_long_prompt(tokenizer, template):
    prompt = chat("the quick brown fox", "jumps", "the lazy dog", "sleeps", "and then")
    last_two = chat("the lazy dog", "sleeps", "and then")
    long = "it sleeps in the sun all day long"
    limit = length_of(last_two.then("assistant", long), tokenizer, template)
    rendered = render_rankings([ranking(prompt, ["a", long])], tokenizer, template, limit, 9)
    (one,) = rendered.rankings
    expected = [template.render(last_two.then("assistant", a), tokenizer).ids for a in ("a", long)]
    assert [list(ids) for ids in one.answers] == expected
    assert rendered.dropped_answers == rendered.dropped_rankings == 0


def test_an_answer_that_does_not_fit_is_dropped_and_counted(tokenizer, template):
    long = "it sleeps in the sun all day long " * 9
    rankings = [
        ranking(chat("the fox"), ["a", long, "b"]),
        ranking(chat("the dog"), ["a", long]),
        ranking(chat("the sun"), ["a", "b", long], [[0, 1], [2]]),
    ]
    rendered = render_rankings(rankings, tokenizer, template, 24, 9)
    assert [one.ranks for one in rendered.rankings] == [(0, 2)]
    assert rendered.dropped_answers == 3
    assert rendered.dropped_rankings == 2


def test_too_many_answers_are_thinned_from_best_to_worst(tokenizer, template):
    many = ranking(chat("the fox"), [f"{i}" for i in range(9)])
    rendered = render_rankings([many], tokenizer, template, 100, 4)
    assert rendered.rankings[0].ranks == (0, 3, 5, 8)
    assert rendered.dropped_answers == 5
    assert spread("abcde", 2) == ["a", "e"]


def placed(*conversations):
    return [Placed(one, Path("my.jsonl"), 10 * n) for n, one in enumerate(conversations, start=1)]


def test_prompts_end_with_the_assistant_s_header(tokenizer, template):
    prompts = placed(chat("the fox"), chat("the fox", "jumps", "and then"))
    rendered = render_prompts(prompts, tokenizer, template, 40)
    assert [conversation for conversation, _ in rendered] == [one.item for one in prompts]
    assert all(ids[-1] == tokenizer.special.assistant for _, ids in rendered)
    expected = template.render(prompts[1].item, tokenizer, generation_prompt=True).ids
    assert rendered[1][1] == tuple(expected)


def test_a_prompt_that_is_too_long_is_refused_or_listed(tokenizer, template):
    prompts = placed(chat("the fox"), chat("the quick brown fox " * 20))
    with pytest.raises(RecordError, match=r"my\.jsonl:20: expected a prompt of at most 20 tokens"):
        render_prompts(prompts, tokenizer, template, 20)
    skipped = Skipped()
    assert len(render_prompts(prompts, tokenizer, template, 20, skipped)) == 1
    assert skipped.errors[0].line == 20
