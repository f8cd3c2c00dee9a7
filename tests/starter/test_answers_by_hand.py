"""Each kind's answers against answers worked out by hand from the prompt."""

import re
from collections.abc import Iterator
from random import Random

import pytest

from fledge.starter import stories
from fledge.starter.feelings import BAD, GOOD
from fledge.starter.task import Task
from fledge.starter.words import DAYS, MONTHS, NAMES, NUMBERS
from fledge.starter.writers import is_valid
from starter.talking import BY_NAME, talk_of, tasks_of


def draws(name: str, count: int = 300) -> list[Task]:
    random = Random(f"by hand {name}")
    return [BY_NAME[name].draw("train", random) for _ in range(count)]


def later(name: str, talks: int = 80) -> Iterator[Task]:
    """The tasks of some talks, with their later questions."""
    return tasks_of(name, "train", talks, 5)


def test_orders_copy_number_name_and_item():
    for task in draws("order"):
        number = re.search(r"\d{2}", task.question)[0]
        name = next(name for name in NAMES if re.search(rf"\b{name}\b", task.question))
        assert number in task.terse[0]
        assert number in task.full[0]
        assert name in task.full[0]


def test_tables_copy_every_number():
    for task in draws("table"):
        assert sorted(re.findall(r"\d+", task.question)) == sorted(re.findall(r"\d+", task.full[0]))


def test_shops_answer_from_the_system_prompt():
    for task in draws("shop"):
        told = task.conversation.messages[0].content
        for number in re.findall(r"\d+", task.full[0]):
            assert re.search(rf"\b{number}\b", told)


def test_emails_say_what_was_asked_for_last_to_and_from_whom():
    corrected = 0
    for seed in range(120):
        to = sender = news = ""
        for task, _ in talk_of("email", "train", seed, 6):
            names = [name for name in re.findall(r"[A-Z]\w+", task.question) if name in NAMES]
            if len(names) == 2:
                first, last = names
                # "I am Bella. Write Hannah an email" names the sender first.
                to, sender = (last, first) if task.question.startswith("I am") else (first, last)
            if found := re.search(r"(?:that|:) the (.+?)(?:\.|, and sign)", task.question):
                news = found[1]
            corrected += len(names) < 2
            day = next(day for day in DAYS if day in news)
            assert task.terse == (f"{to}, the {news}. {sender}",)
            assert task.full == (f"Dear {to},\nThe {news}.\nBest wishes,\n{sender}",)
            assert task.full[0].count(day) == 1
    assert corrected > 100


def test_sums_are_right():
    values = {word: number for number, word in enumerate(NUMBERS)} | {
        str(number): number for number in range(21)
    }
    for task in later("arithmetic"):
        a, operation, b, _, result = task.full[0].rstrip(".").lower().split()
        plus = operation in ("plus", "+")
        expected = values[a] + values[b] if plus else values[a] - values[b]
        assert values[result] == expected
        assert task.terse == (f"{result.capitalize()}.",)
        assert re.findall(r"\d+", task.question) or {a, b} <= set(
            re.findall(r"\w+", task.question.lower())
        )
        assert len({a.isdigit(), b.isdigit(), result.isdigit()}) == 1
        wanted = r"\+|plus|add |more" if plus else r"-|minus|take |left"
        assert re.search(wanted, task.question.lower())


def test_apples_are_counted_in_english():
    counted = {
        found[1]: found[2]
        for task in draws("arithmetic", 1500)
        if (found := re.search(r"I have (\w+) (apples?)", task.question))
    }
    assert counted.pop("one") == "apple"
    assert set(counted.values()) == {"apples"} and len(counted) == 4


def letters_in(text: str) -> list[str]:
    return re.search(r"(?:\b\w )+\w\b", text)[0].split()


def test_letters_are_spelled_and_reversed():
    for task in draws("spell"):
        assert task.terse[0] == "-".join(letters_in(task.question.split("ell ")[-1])).upper() + "."
    for task in draws("reverse"):
        shown = letters_in(re.sub(r"^What is ", "", task.question))
        assert task.terse[0] == " ".join(shown[::-1]) + "."


NEXT = dict(zip((*DAYS, *MONTHS), (*DAYS[1:], DAYS[0], *MONTHS[1:], MONTHS[0]), strict=True))


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is the capital of Sweden?", "Stockholm"),
        ("What is the capital of the United States?", "Washington"),
        ("What is the opposite of hot?", "cold"),
        ("What is the opposite of down?", "up"),
        ("What colour is a banana?", "yellow"),
        ("How many legs does a spider have?", "eight"),
        ("How many hours are in a day?", "twenty-four"),
        ("How many minutes are in an hour?", "sixty"),
        ("Which day comes after Sunday?", "Monday"),
        ("Which month comes after December?", "January"),
    ],
)
def test_facts_are_facts(question, answer):
    found = [task for task in draws("facts", 3000) if task.question.endswith(question)]
    assert found
    for task in found:
        assert task.terse == (f"{answer[0].upper()}{answer[1:]}.",)
        assert re.search(rf"\b{answer}\.$", task.full[0])


def test_days_and_months_follow_one_another():
    for task in later("facts"):
        if found := re.search(r"comes after (\w+)\?", task.question):
            assert task.terse == (f"{NEXT[found[1]]}.",)
            assert task.full == (f"After {found[1]} comes {NEXT[found[1]]}.",)


def test_one_is_glad_of_good_feelings_and_sorry_for_bad_ones():
    assert set(GOOD).isdisjoint(BAD)
    for task in later("feelings"):
        (feeling,) = (word for word in (*GOOD, *BAD) if re.search(rf"\b{word}\b", task.question))
        who = "your friend feels" if "friend" in task.question else "you feel"
        if feeling in GOOD:
            assert task.full == (f"I'm glad that {who} {feeling}.",)
            assert not is_valid(task, "I'm sorry.")
        else:
            talk = "Would you like to talk about it?"
            assert task.full == (f"I'm sorry that {who} {feeling}. {talk}",)
            assert not is_valid(task, "That's good.")


def test_stories_poems_and_jokes_are_what_was_asked_for_about_whom_was_named():
    for task in later("stories"):
        named = re.search(r"about a (\w+)", task.question)
        heroes = (named[1],) if named else stories.HEROES
        assert len(task.full) == len(task.terse) == len(heroes)
        hero, answer = heroes[-1], task.full[-1]
        sort = re.search("story|poem|joke", task.question)[0]
        opening = {
            "story": f"Once there was a {hero} who ",
            "poem": f"The {hero} sat down in the sun,\n",
            "joke": f"Why did the {hero} ",
        }[sort]
        assert answer.startswith(opening)
        assert hero in task.terse[-1].lower()
        assert not is_valid(task, answer.replace(hero, "spoon"))


def test_refusals_name_no_insult_and_say_sorry():
    for task in later("refusal"):
        assert all("sorry" in answer for answer in task.full)
        assert task.courtesies == ()


def test_somebody_who_says_goodbye_is_wished_a_nice_day_and_nobody_is_thanked_for_it():
    polite = {task.full[0]: task.courtesies for task in later("small_talk") if task.courtesies}
    assert polite == {
        "I'm fine, and I hope you are too.": ("Thank you for asking.",),
        "Goodbye, and come back soon.": ("Have a nice day!",),
    }
