"""Very short stories, poems and jokes about a thing that somebody names."""

from random import Random

from fledge.starter.courtesy import of_request
from fledge.starter.task import Scene, Split, Turn, Turns, capitalised, choose_cell
from fledge.starter.words import listed

HEROES = listed(
    """cat dog fox bear mouse goat duck frog lion tiger bird fish horse cow snake king queen robot
    boy girl teacher doctor baker sailor dragon pirate farmer ghost"""
)
STORY_FRAMES = (
    "Tell me a story about a {hero}.",
    "Write a story about a {hero}.",
    "Can you tell me a story about a {hero}?",
    "I want to hear a story about a {hero}.",
    "Tell me a short story about a {hero}.",
)
POEM_FRAMES = (
    "Write a poem about a {hero}.",
    "Can you write a poem about a {hero}?",
    "Write me a short poem about a {hero}.",
    "I'd like a poem about a {hero}.",
    "A poem about a {hero}, please.",
)
JOKE_FRAMES = (
    "Tell me a joke about a {hero}.",
    "Do you know a joke about a {hero}?",
    "Make a joke about a {hero}.",
    "Can you tell me a joke about a {hero}?",
    "I want to hear a joke about a {hero}.",
)
STORY = "Once there was a {hero} who lost a shoe. A friend found it, and they were happy."
POEM = "The {hero} sat down in the sun,\nand thought that the day had been fun."
JOKE = "Why did the {hero} sit on the clock? To be on time."
# Ways to ask; the full answer; the short one; a word of both.
FORMS = (
    (STORY_FRAMES, STORY, "A {hero} lost a shoe and found a friend.", "shoe"),
    (POEM_FRAMES, POEM, "{Hero} in the sun, you are fun.", "sun"),
    (JOKE_FRAMES, JOKE, "A {hero} sat on the clock to be on time.", "clock"),
)


def stories(split: Split, random: Random) -> Scene:
    """Draw what somebody wants to hear; pairs of a hero and a wording are held out."""
    return Scene(_stories(split, random))


def _stories(split: Split, random: Random) -> Turns:
    while True:
        frames, full, terse, common = random.choice(FORMS)
        row, column = choose_cell(split, len(HEROES), len(frames), random)
        hero, frame = HEROES[row], frames[column]
        heroes: tuple[str, ...] = (hero,)
        needed = hero
        # Held-out wordings all name a hero, for without one the wording alone is the question.
        if split == "train" and random.random() < 0.15:
            heroes, needed = HEROES, common
            frame = frame.replace(" about a {hero}", "")
        question = frame.format(hero=hero)
        yield Turn(
            question,
            tuple(terse.format(hero=one, Hero=capitalised(one)) for one in heroes),
            tuple(full.format(hero=one) for one in heroes),
            (needed,),
            of_request(question),
        )
