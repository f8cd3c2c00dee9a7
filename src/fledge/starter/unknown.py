"""Questions and wishes beyond a small model, and the honest answer: I don't know that.

Their variety is the point: what all of them share is that no other kind has them.
"""

from random import Random

from fledge.starter.arithmetic import LARGEST
from fledge.starter.task import Scene, Split, Turn, Turns, in_split
from fledge.starter.words import ITEMS, MONTHS, NAMES, listed

TOPICS = listed(
    """democracy gravity music chess football history physics poetry algebra electricity chemistry
    cooking painting philosophy marketing insurance inflation evolution religion photosynthesis
    opera jazz theatre cinema tennis hockey cricket yoga knitting gardening astronomy biology
    geometry grammar psychology economics law medicine surgery nursing farming fishing mining
    banking software protein milk rain snow sand gold iron wood corn rice cake soup salt meat bread
    toast sugar honey glass paper ink metal light ice fire smoke heat dust mud clay hope love luck
    fear joy time work sleep wind cotton silk leather plastic petrol coffee tea butter cheese flour
    pepper chocolate jam juice oil steel copper silver water air space weather traffic furniture
    clothing jewellery money trade peace justice freedom friendship anger beauty truth education
    science research energy pollution recycling tourism travel swimming running dancing singing
    skiing sailing cycling climbing boxing wrestling hunting camping reading writing drawing"""
)
"""Nouns without a plural."""
THINGS = (
    *listed(
        """volcanoes dinosaurs satellites engines vaccines bacteria hurricanes glaciers taxes loans
        mortgages pensions elections parliaments presidents emperors knights castles pyramids
        cathedrals bridges tunnels railways submarines helicopters rockets telescopes microscopes
        computers robots databases passwords viruses batteries magnets lasers atoms molecules
        vitamins calories diets allergies headaches fevers coughs dentists hospitals pharmacies
        earthquakes floods droughts deserts jungles oceans rivers islands mountains planets comets
        galaxies stars eclipses cats dogs maps trees birds fish hands ships boats roads hills lakes
        rocks roots seeds beans plums pears limes figs nuts bees ants owls foxes wolves bears deer
        goats lambs ducks swans frogs toads crabs seals lions horses mice snakes tigers zebras
        eagles robins apples peaches grapes lemons melons spoons knives plates couches flutes drums
        bells songs dreams storms clouds roofs farms barns parks shops banks towns cities coins keys
        locks ropes knots chains wheels trains planes trucks cars buses games dice kings queens
        socks shoes belts rings shirts dresses gloves ideas plans jokes"""
    ),
    *(f"{item}s" for item in ITEMS if item not in ("watch", "scarf")),
)
"""Nouns in the plural."""
LANDS = listed(
    """Brazil Canada Norway Finland Kenya India Turkey Mexico Peru Chile Iceland Denmark Hungary
    Morocco Vietnam Thailand Australia Argentina Scotland Wales Texas California"""
)
"""Countries and states, none of which `facts` knows the capital of."""
TOWNS = listed(
    """Berlin Paris London Rome Madrid Vienna Prague Oslo Boston Chicago Toronto Sydney Mumbai Cairo
    Lima Zurich Geneva Hamburg Munich Milan Naples Venice Lyon Dublin Glasgow Leeds Bristol"""
)
PLACES = (*LANDS, *TOWNS)
PEOPLE = (
    *NAMES,
    *listed(
        """Napoleon Mozart Beethoven Einstein Newton Darwin Shakespeare Goethe Caesar Cleopatra
        Picasso Galileo Columbus Gandhi Lincoln Churchill Dickens Homer Plato Aristotle Bach Chopin
        Tesla Edison Curie Pasteur Freud Kafka Tolstoy Dante"""
    ),
)
QUESTIONS = (
    "What {is_} {topic}?",
    "Do you know what {topic} {is_}?",
    "What do you know about {topic}?",
    "Explain {topic} to me.",
    "Explain {topic}.",
    "How {does} {topic} work?",
    "Why {is_} {topic} important?",
    "Who invented {topic}?",
    "When did {topic} begin?",
    "What is the history of {topic}?",
    "What is the difference between {topic} and {other}?",
    "{Is} {topic} better than {other}?",
    "Who was {person}?",
    "When did {person} live?",
    "When was {person} born?",
    "What did {person} do?",
    "Who wrote about {topic}?",
    "Where is {place}?",
    "How far is it to {place}?",
    "How big is {place}?",
    "How many people live in {place}?",
    "What is the capital of {land}?",
    "What is the weather like in {place}?",
    "What's the weather in {place} in {month}?",
    "Which language do people speak in {place}?",
    "What should I see in {place}?",
    "How do I get from {place} to {town}?",
    "Who governs {land}?",
    "What happened in {year}?",
    "Who won in {year}?",
    "What is the news today?",
    "What's the weather today?",
    "Will it rain tomorrow?",
    "What time is it?",
    "What's the date today?",
    "What day is it today?",
    "Where am I?",
    "What is my blood group?",
    "How old am I?",
    "What am I holding in my hand?",
    "Why is the sky blue?",
    "Why do {topic} and {other} exist?",
    "What is the meaning of life?",
    "How many stars are there?",
    "How tall is the tallest tower?",
    "How much {does} {topic} cost?",
    "Where can I buy {topic}?",
    "Can you recommend a book about {topic}?",
    "Which film should I watch?",
    "What should I eat tonight?",
    "What should I cook with {topic}?",
    "How do I learn {topic}?",
    "{Is} {topic} dangerous?",
    "{Is} {topic} healthy?",
    "What does the word {topic} mean?",
    "How do you say {topic} in Spanish?",
    "What is {beyond} + {number}?",
    "What's {beyond}+{number}?",
    "{beyond} + {number} = ?",
    "What is {beyond} plus {number}?",
    "What is {beyond} - {number}?",
    "What is {large} times {other_large}?",
    "What is {large} divided by {other_large}?",
    "What is {large} plus {other_large}?",
    "Where can I find the best {topic}?",
    "Do you like {topic}?",
    "Do you know {person}?",
    "What does {person} think about {topic}?",
    "Does {person} like {topic}?",
    "Should I buy {topic}?",
    "Why did {person} go to {place}?",
    "Have you ever been to {place}?",
    "What do you think of {topic}?",
)
WISHES = (
    "Write an essay about {topic}.",
    "Write a report on {topic} in {place}.",
    "Summarise the book about {topic}.",
    "Give me ten ideas about {topic}.",
    "Write a program for {topic}.",
    "Draw a picture of {topic}.",
    "Show me a photo of {place}.",
    "Plan a trip to {place}.",
    "Book a flight to {place}.",
    "Call {person}.",
    "Play some music about {topic}.",
    "Sing a song about {topic}.",
    "Translate the word {topic} into German.",
    "Make a list of books about {topic}.",
    "Find {topic} on the internet.",
    "Search for {topic}.",
    "Remind me about {topic} tomorrow.",
    "Turn on the light.",
    "Set an alarm for {hour}.",
    "Give me a recipe with {topic}.",
    "Solve this equation: {large} x = {other_large}.",
    "Write a speech about {topic}.",
    "Teach me {topic}.",
    "Open the file about {topic}.",
    "Send {person} a message about {topic}.",
    "Compare {topic} and {other}.",
    "Buy me a ticket to {place}.",
    "Give me advice about {topic}.",
    "Write a letter to {person} about {topic}.",
    "Tell me about {topic}.",
    "Tell me about {place}.",
    "Tell me something about {person}.",
)
GREETINGS = ("", "", "", "", "Hi! ", "Hey! ")
BEFORE_QUESTIONS = (*GREETINGS, "Tell me: ", "I have a question. ")
BEFORE_WISHES = (*GREETINGS, "I need a favour. ")
DONT_KNOW = "I'm sorry, I don't know that."
CANT_DO = "I'm sorry, I can't do that."
TERSE = {DONT_KNOW: "I don't know.", CANT_DO: "I can't."}


def unknown(split: Split, random: Random) -> Scene:
    """Draw what the model cannot answer; wordings and topics are held out in pairs."""
    return Scene(_asked(split, random))


def _asked(split: Split, random: Random) -> Turns:
    while True:
        is_wish = random.random() < 0.35
        asked = random.choice(WISHES if is_wish else QUESTIONS).format(**_slots(random))
        before = random.choice(BEFORE_WISHES if is_wish else BEFORE_QUESTIONS)
        can_tell = not is_wish or asked.startswith("Tell me")
        if in_split(split, asked):
            yield _turn(before + asked, DONT_KNOW if can_tell else CANT_DO)


def _slots(random: Random) -> dict[str, str]:
    topic, other = random.sample((*TOPICS, *THINGS), 2)
    verbs = ("are", "do") if topic in THINGS else ("is", "does")
    place, town = random.sample(PLACES, 2)
    return {
        "topic": topic,
        "other": other,
        "is_": verbs[0],
        "Is": verbs[0].capitalize(),
        "does": verbs[1],
        "place": place,
        "town": town,
        "land": random.choice(LANDS),
        "person": random.choice(PEOPLE),
        "month": random.choice(MONTHS),
        "year": str(random.randint(1500, 2030)),
        "hour": str(random.randint(5, 11)),
        "beyond": str(random.randint(LARGEST + 1, 20)),
        "number": str(random.randint(1, 20)),
        "large": str(random.randint(21, 999)),
        "other_large": str(random.randint(21, 999)),
    }


def _turn(question: str, full: str) -> Turn:
    terse = TERSE[full]
    return Turn(question, (terse,), (full,), (terse.rstrip("."),))
