"""Twenty questions about a secret thing, and guesses at it."""

from random import Random

from fledge.starter.task import Scene, Split, Turn, Turns, crosses
from fledge.starter.words import listed

# Secret things by group; the answer to a question is the same for all things of a group.
THINGS = {
    "animal": listed("cat dog horse bear fox wolf lion tiger"),
    "fruit": listed("pear banana cherry plum grape lemon peach melon"),
    "vehicle": listed("car bus train truck tractor van bike tram"),
}
# Ways of asking; the fact if the answer is yes, and if it is no; the group for which it is yes.
QUESTIONS = (
    (
        (
            "Is it an animal?",
            "Does it breathe?",
            "Does it eat and sleep?",
            "Can it walk?",
            "Does it have legs?",
        ),
        ("it is an animal", "it is not an animal"),
        "animal",
    ),
    (
        (
            "Can I eat it?",
            "Is it something to eat?",
            "Is it a fruit?",
            "Can you eat it?",
            "Is it food?",
        ),
        ("you can eat it", "you can't eat it"),
        "fruit",
    ),
    (
        (
            "Does it have wheels?",
            "Does it have brakes?",
            "Does it run on wheels?",
            "Is it a vehicle?",
            "Is it a machine?",
        ),
        ("it has wheels", "it has no wheels"),
        "vehicle",
    ),
)
ALL_THINGS = tuple(thing for things in THINGS.values() for thing in things)
# Five wordings for each group, so that one of them is held out for each thing.
WORDINGS = tuple((asks, facts, true_of) for ways, facts, true_of in QUESTIONS for asks in ways)
GUESSES = ("Is it a {thing}?", "I think it is a {thing}.", "A {thing}?", "My guess is a {thing}.")
SURRENDERS = ("I give up.", "What is it?", "Tell me what it is, please.")
HOST = "We play twenty questions. Your secret thing is a kind of {group}: {thing}."
MOST_QUESTIONS = 20


def twenty_questions(split: Split, random: Random) -> Scene:
    """Draw a secret thing; pairs of a thing and a wording are held out."""
    group = random.choice(tuple(THINGS))
    thing = random.choice(THINGS[group])
    return Scene(_game(group, thing, split, random), HOST.format(group=group, thing=thing))


def _game(group: str, thing: str, split: Split, random: Random) -> Turns:
    for number in range(MOST_QUESTIONS):
        move = random.choices(("question", "guess", "end"), (6, number, number / 4))[0]
        if move == "question":
            yield _question(group, thing, split, random)
        elif move == "guess":
            guess = thing if random.random() < 0.5 else random.choice(_others(thing))
            yield _guess(thing, guess, random)
            if guess == thing:
                return
        else:
            said = f"It was a {thing}."
            yield Turn(random.choice(SURRENDERS), (f"A {thing}.",), (said,), (f"a {thing}",))
            return


def _question(group: str, thing: str, split: Split, random: Random) -> Turn:
    """Ask what is true or false with equal chances, so that always saying no is often wrong."""
    yes = random.random() < 0.5
    row = ALL_THINGS.index(thing)
    asks, facts = random.choice(
        [
            (asks, facts)
            for column, (asks, facts, true_of) in enumerate(WORDINGS)
            if (group == true_of) == yes and crosses(split, row, column)
        ]
    )
    verdict, fact = ("Yes", facts[0]) if yes else ("No", facts[1])
    return Turn(asks, (f"{verdict}.",), (f"{verdict}, {fact}.",), (verdict, fact))


def _guess(thing: str, guess: str, random: Random) -> Turn:
    question = random.choice(GUESSES).format(thing=guess)
    if guess == thing:
        fact = f"it is a {thing}"
        return Turn(question, ("Yes.",), (f"Yes, {fact}. Well done!",), ("yes", fact))
    fact = f"it is not a {guess}"
    return Turn(question, ("No.",), (f"No, {fact}.",), ("no", fact))


def _others(thing: str) -> list[str]:
    return [one for one in ALL_THINGS if one != thing]
