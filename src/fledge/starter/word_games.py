"""Games with words: rhymes, word chains and twenty questions."""

from random import Random

from fledge.starter.task import Split, Task, asked, capitalised, choose_cell, in_split, only
from fledge.starter.words import listed

RHYMES = tuple(
    tuple(family.split())
    for family in (
        "cat hat bat mat rat",
        "tree bee sea key knee",
        "light night right kite bite",
        "day way play clay tray",
        "ring king sing wing thing",
        "moon spoon noon soon tune",
        "rain train chain plane cane",
        "boat coat goat note vote",
        "house mouse blouse",
        "bell well shell tell smell",
        "cake lake snake rake make",
        "star car jar far bar",
        "ball wall tall fall small",
        "book cook look hook took",
        "dog fog log frog",
        "fish dish wish",
        "bear chair hair pear stair",
        "nose rose toes hose",
        "gold cold old hold told",
        "sand hand land band stand",
        "sock clock rock lock block",
        "bread head red bed thread",
        "sun run fun one bun",
        "hill mill bill pill",
    )
)
RHYME_FRAMES = (
    "What rhymes with {word}?",
    "Give me a rhyme for {word}.",
    "Find a word that rhymes with {word}.",
    "I need a rhyme for {word}.",
    "Which word sounds like {word}?",
)
# Each ends with the first letter of another.
CHAIN_WORDS = listed(
    """apple engine ear egg elephant road nest tiger rabbit table eagle eye island dog garden
    night tree river rain needle letter ring goat train nose snow window wall lemon orange yellow
    wind daisy yard drum milk king gate tooth hand door robin oven net tent tulip paper rose salt
    lamp pencil light sand desk kite elbow water hat test star rope piano leaf owl fish house flag
    glass skirt shoe east"""
)
CHAIN_FRAMES = (
    "Word chain! My word is {word}, it ends with {letter}.",
    "Let's play word chain: {word}. Your letter is {letter}.",
    "Word chain: {word}, so you start with {letter}.",
    "I say {word}. Your word must start with {letter}.",
)
# Secret things by group; the answer to a question is the same for all things of a group.
THINGS = {
    "animal": listed("cat dog horse cow sheep bear"),
    "fruit": listed("apple pear banana cherry plum grape"),
    "vehicle": listed("car bus train truck tractor van"),
}
# Ways of asking; the fact if the answer is yes, and if it is no; the group for which it is yes.
QUESTIONS = (
    (
        ("Is it an animal?", "Is it alive?", "Does it eat and sleep?"),
        ("it is an animal", "it is not an animal"),
        "animal",
    ),
    (
        ("Can I eat it?", "Is it something to eat?", "Is it a fruit?"),
        ("you can eat it", "you can't eat it"),
        "fruit",
    ),
    (
        ("Does it have wheels?", "Can I ride in it?", "Does it go on a road?"),
        ("it has wheels", "it has no wheels"),
        "vehicle",
    ),
)
TWENTY_HOST = "We play twenty questions. Your secret thing is a kind of {group}: {thing}."


def draw_rhyme(split: Split, random: Random) -> Task:
    """Draw a word to rhyme; pairs of a word and a wording are held out."""
    words = [(word, family) for family in RHYMES for word in family]
    row, column = choose_cell(split, len(words), len(RHYME_FRAMES), random)
    word, family = words[row]
    rhymes = [rhyme for rhyme in family if rhyme != word]
    return Task(
        kind="rhyme",
        conversation=asked(RHYME_FRAMES[column].format(word=word)),
        terse=tuple(f"{capitalised(rhyme)}." for rhyme in rhymes),
        full=tuple(f"{capitalised(rhyme)} rhymes with {word}." for rhyme in rhymes),
        needed=(f"rhymes with {word}",),
    )


def draw_chain(split: Split, random: Random) -> Task:
    """Draw a word to continue from; some words are held out, but none of their last letters."""
    word = random.choice(only(CHAIN_WORDS, split))
    answers = [next_ for next_ in CHAIN_WORDS if next_[0] == word[-1] and next_ != word]
    return Task(
        kind="word_chain",
        conversation=asked(random.choice(CHAIN_FRAMES).format(word=word, letter=word[-1])),
        terse=tuple(f"{capitalised(answer)}." for answer in answers),
        full=tuple(f"My word is {answer}. Your letter is {answer[-1]}." for answer in answers),
        needed=("my word is", "your letter is"),
    )


def draw_twenty(split: Split, random: Random) -> Task:
    """Draw a question about a secret thing; pairs of a thing and a wording are held out.

    Yes and no are equally frequent, so that always saying no is wrong half of the time.
    """
    wanted = random.random() < 0.5
    while True:
        group = random.choice(tuple(THINGS))
        thing = random.choice(THINGS[group])
        ways, facts, true_of = random.choice(QUESTIONS)
        asks = random.choice(ways)
        yes = group == true_of
        if yes == wanted and in_split(split, thing, asks):
            break
    verdict, fact = ("Yes", facts[0]) if yes else ("No", facts[1])
    return Task(
        kind="twenty_questions",
        conversation=asked(asks, system=TWENTY_HOST.format(group=group, thing=thing)),
        terse=(f"{verdict}.",),
        full=(f"{verdict}, {fact}.",),
        needed=(verdict, fact),
        agreeable=False,
    )
