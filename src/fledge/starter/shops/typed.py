"""Questions as people type them: greetings, lower case, missing marks and apostrophes, slips."""

from random import Random

GREETINGS = (
    "Hi, ",
    "Hello, ",
    "Hi! ",
    "Hey, ",
    "Good morning, ",
    "Excuse me, ",
    "Quick question: ",
)
ENDINGS = (" Thanks!", " Thank you.", " Please let me know.", " thx")
SHORTEST_SLIP = 6
"""Letters of the shortest word in which a slip is made."""


def typed(question: str, random: Random, fixed: tuple[str, ...] = ()) -> str:
    """Return the question in the spelling of a hurried customer, half of the time as it is.

    Words of `fixed`, names and goods, and words with digits have no slips of the finger. Only what
    ends with a question mark is greeted before or thanked after.
    """
    asks = question.endswith("?")
    text = question
    if random.random() < 0.14 and asks:
        text = random.choice(GREETINGS) + _uncapitalised(text)
    if random.random() < 0.08 and asks:
        text = text + random.choice(ENDINGS)
    if random.random() < 0.1:
        text = _slipped(text, random, fixed)
    if random.random() < 0.4:
        return text
    if random.random() < 0.55:
        text = text.lower()
    if random.random() < 0.3:
        text = text.replace("'", "")
    if random.random() < 0.4:
        text = text.rstrip("?.! ")
    return text


def _uncapitalised(text: str) -> str:
    """Return the text with a small first letter, unless it begins with "I"."""
    if text.split()[0] in ("I", "I'd", "I'm", "I've"):
        return text
    return text[0].lower() + text[1:]


def _slipped(text: str, random: Random, fixed: tuple[str, ...]) -> str:
    """Exchange two letters inside a longer word, or leave one out."""
    words = text.split(" ")
    kept = {word for phrase in fixed for word in phrase.casefold().split()}
    places = [
        place
        for place, word in enumerate(words)
        if word.isalpha() and len(word) >= SHORTEST_SLIP and word.casefold() not in kept
    ]
    if not places:
        return text
    place = random.choice(places)
    word = words[place]
    at = random.randrange(1, len(word) - 2)
    if random.random() < 0.5:
        words[place] = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    else:
        words[place] = word[:at] + word[at + 1 :]
    return " ".join(words)
