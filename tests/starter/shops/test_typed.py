"""Questions as customers type them: never another number, name or good."""

from random import Random

from fledge.starter.shops.checked import numbers_in
from fledge.starter.shops.typed import GREETINGS, typed

ASKED = "What's the shipping if I order 3 wooden trains for Saturday?"
FIXED = ("wooden train", "wooden trains", "Saturday")
TYPED = [typed(ASKED, Random(seed), FIXED) for seed in range(500)]


def test_many_questions_stay_as_they_are_and_many_do_not():
    assert 100 < sum(text == ASKED for text in TYPED) < 350
    assert len(set(TYPED)) > 30


def test_numbers_goods_and_days_survive():
    for text in TYPED:
        assert numbers_in(text) == {"3"}
        assert "wooden trains" in text.casefold() and "saturday" in text.casefold()


def test_people_write_small_leave_out_marks_and_slip():
    assert any(text.islower() for text in TYPED)
    assert any(text.startswith(GREETINGS) for text in TYPED)
    assert any("Whats" in text or "whats" in text for text in TYPED)
    assert any(not text.endswith(("?", "!", ".")) for text in TYPED)
    assert any("shipping" not in text.casefold() for text in TYPED)
    assert any("thank" in text.casefold() for text in TYPED)


def test_a_greeting_keeps_names_and_i_large():
    texts = [typed("I'd like two mugs?", Random(seed)) for seed in range(300)]
    greeted = [text for text in texts if text.startswith(GREETINGS)]
    assert greeted and all("I'd" in text or "Id" in text for text in greeted)


def test_only_questions_are_greeted_and_thanked():
    texts = {typed("Goodbye.", Random(seed)) for seed in range(200)}
    assert all(text.casefold().startswith("g") and len(text) < 10 for text in texts)


def test_a_greeting_makes_the_next_letter_small():
    texts = [typed("What's new?", Random(seed)) for seed in range(300)]
    assert any(text.startswith("Hi, what's") for text in texts)
    assert not any(", What" in text for text in texts)


def test_short_words_have_no_slips():
    for seed in range(200):
        assert (
            typed("And the mug?", Random(seed))
            .casefold()
            .rstrip("?")
            .endswith(
                ("and the mug", "and the mug? thanks!", "thank you.", "please let me know.", "thx")
            )
            or "and the mug" in typed("And the mug?", Random(seed)).casefold()
        )


def test_the_same_seed_types_the_same():
    assert [typed(ASKED, Random(seed), FIXED) for seed in range(50)] == TYPED[:50]
