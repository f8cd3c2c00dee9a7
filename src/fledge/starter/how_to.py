"""Small how-tos: goals, the step that reaches each, and ways of asking."""

from random import Random

from fledge.starter.courtesy import of_request
from fledge.starter.task import Scene, Split, Turn, Turns, choose_cell

# The goal; the step that reaches it; the advice of a full answer.
STEPS = (
    ("center a div", "display: grid; place-items: center", "give its parent {step}"),
    ("make text bold in HTML", "<b>text</b>", "write {step}"),
    ("add a link in HTML", '<a href="page.html">text</a>', "write {step}"),
    ("make a heading in HTML", "<h1>text</h1>", "write {step}"),
    ("make text red in CSS", "color: red", "use the rule {step}"),
    ("hide an element in CSS", "display: none", "use the rule {step}"),
    ("sort a list in Python", "sorted(items)", "call {step}"),
    ("reverse a list in Python", "items[::-1]", "write {step}"),
    ("read a file in Python", "Path(name).read_text()", "call {step}"),
    ("get the length of a list", "len(items)", "call {step}"),
    ("join strings in Python", '", ".join(words)', "call {step}"),
    ("add an item to a list", "items.append(item)", "call {step}"),
    ("make a new branch in git", "git switch -c name", "run {step}"),
    ("see the changes in git", "git diff", "run {step}"),
    ("undo a change in git", "git restore file", "run {step}"),
    ("quit vim", ":q", "press Escape and type {step}"),
    ("copy a file in Linux", "cp old new", "run {step}"),
    ("list the files in a folder", "ls", "run {step}"),
    ("boil an egg", "eight minutes in boiling water", "cook it for {step}"),
    ("make tea", "hot water for four minutes", "leave the leaves in {step}"),
    ("cook rice", "two cups of water for each cup of rice", "use {step}"),
    ("water a cactus", "a little water every two weeks", "give it {step}"),
    ("clean a screen", "a soft dry cloth", "wipe it with {step}"),
    ("fall asleep", "a dark and quiet room", "lie down in {step}"),
    ("stop hiccups", "a glass of water in small sips", "drink {step}"),
    ("ripen an avocado", "a paper bag with a banana", "put it in {step}"),
    ("sharpen a pencil", "a sharpener", "turn it in {step}"),
    ("remember a name", "the name aloud three times", "say {step}"),
)
FRAMES = (
    "How do I {goal}?",
    "How can I {goal}?",
    "What is the best way to {goal}?",
    "Tell me how to {goal}.",
    "I want to {goal}. How?",
    "How to {goal}?",
    "Can you show me how to {goal}?",
    "I don't know how to {goal}. Please help.",
)


def how_to(split: Split, random: Random) -> Scene:
    """Draw how-to questions; pairs of a goal and a wording are held out."""
    return Scene(_goals(split, random))


def _goals(split: Split, random: Random) -> Turns:
    while True:
        row, column = choose_cell(split, len(STEPS), len(FRAMES), random)
        goal, step, advice = STEPS[row]
        question = FRAMES[column].format(goal=goal)
        yield Turn(
            question,
            (f"Use {step}.",),
            (f"To {goal}, {advice.format(step=step)}.",),
            (goal, step),
            of_request(question),
        )
