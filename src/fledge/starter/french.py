"""English phrases in French."""

from random import Random

from fledge.starter.courtesy import of_request
from fledge.starter.task import Scene, Split, Turn, Turns, choose_cell

PHRASES = (
    ("How was your day?", "Comment s'est passée ta journée ?"),
    ("Good morning.", "Bonjour."),
    ("Good evening.", "Bonsoir."),
    ("Good night.", "Bonne nuit."),
    ("Thank you very much.", "Merci beaucoup."),
    ("You are welcome.", "De rien."),
    ("How are you?", "Comment vas-tu ?"),
    ("I am fine.", "Je vais bien."),
    ("What is your name?", "Comment t'appelles-tu ?"),
    ("Where is the station?", "Où est la gare ?"),
    ("I am hungry.", "J'ai faim."),
    ("I am thirsty.", "J'ai soif."),
    ("I am tired.", "Je suis fatigué."),
    ("See you tomorrow.", "À demain."),
    ("See you soon.", "À bientôt."),
    ("How much is it?", "Combien ça coûte ?"),
    ("I do not understand.", "Je ne comprends pas."),
    ("Where do you live?", "Où habites-tu ?"),
    ("I love you.", "Je t'aime."),
    ("Happy birthday!", "Bon anniversaire !"),
    ("Have a good trip!", "Bon voyage !"),
    ("The cat is black.", "Le chat est noir."),
    ("The house is big.", "La maison est grande."),
    ("It is raining.", "Il pleut."),
    ("What time is it?", "Quelle heure est-il ?"),
    ("I like coffee.", "J'aime le café."),
    ("A glass of water, please.", "Un verre d'eau, s'il vous plaît."),
    ("Excuse me.", "Excusez-moi."),
)
FRAMES = (
    'How do you say "{english}" in French?',
    'What is "{english}" in French?',
    'Translate into French: "{english}"',
    'Say "{english}" in French.',
    'I need the French for "{english}"',
    'Please translate "{english}" to French.',
)


def french(split: Split, random: Random) -> Scene:
    """Draw phrases to translate; pairs of a phrase and a wording are held out."""
    return Scene(_phrases(split, random))


def _phrases(split: Split, random: Random) -> Turns:
    while True:
        row, column = choose_cell(split, len(PHRASES), len(FRAMES), random)
        english, french = PHRASES[row]
        question = FRAMES[column].format(english=english)
        yield Turn(
            question,
            (french,),
            (f'The French is "{french}"',),
            ("the French is", french),
            of_request(question),
        )
