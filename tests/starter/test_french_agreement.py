"""French sentences read word by word against tables that know nothing of the grammar's code."""

import re

import pytest

from fledge.starter.bilingual.everyday import everyday_sentences
from fledge.starter.bilingual.exchanges import phrases
from fledge.starter.french import FRAMES, PHRASES
from fledge.starter.kinds import KINDS
from fledge.starter.parallel import grammar
from starter.bilingual.by_hand import ADJECTIVES, GENDERS, PLURAL_ALONE, VERBS, rows

# Every determiner with its genders and number; "vowel" where a vowel must follow, "consonant" where
# it must not.
DETERMINERS = """
le m s consonant   la f s consonant   l' mf s vowel   les mf p any   un m s any   une f s any
ce m s consonant   cet m s vowel   cette f s any   ces mf p any   du m s consonant   des mf p any
au m s consonant   aux mf p any   mon m s any   mon f s vowel   ma f s consonant   mes mf p any
ton m s any   ton f s vowel   ta f s consonant   tes mf p any   son m s any   son f s vowel
sa f s consonant   ses mf p any   notre mf s any   nos mf p any   leur mf s any   leurs mf p any
deux mf p any   trois mf p any   quatre mf p any   cinq mf p any   six mf p any   quel m s any
quelle f s any   bon m s any   bonne f s any
"""
PERSONS = {"je": 0, "j'": 0, "tu": 1, "il": 2, "elle": 2, "qui": 2, "nous": 3, "ils": 5, "elles": 5}
OTHER_TENSES = {
    0: "étais avais voudrais aimerais pense espère crois",
    1: "étais avais voudrais",
    2: "était avait faisait voudrait pleut pleuvra neige dit pense",
    3: "étions avions voudrions",
    5: "étaient avaient voudraient",
}
# Clitics that may stand between a subject and its verb.
BETWEEN = {"ne", "n'", "me", "m'", "te", "t'", "se", "s'", "le", "la", "l'", "les", "nous", "y"}
# Words that are a noun here and a verb elsewhere: "il la porte".
ALSO_VERBS = {"porte", "portes", "montre", "montres", "ferme", "fermes", "place", "aide", "aides"}
# Words behind a noun that may be a verb, or go with "avoir" and "faire".
NO_ADJECTIVES = {"court", "froid", "chaud"}
VOWELS = "aeiouéèêâîôœhy"
WORDS = re.compile(r"(?:[ldnjmts]|qu)'|[\w-]+", re.IGNORECASE)


def forms_of(person: int) -> set[str]:
    """Every form that may follow a subject of this person."""
    six = [line.split(": ")[1].split("; ")[0].split() for line in VERBS.strip().splitlines()]
    return {forms[person] for forms in six} | set(OTHER_TENSES[person].split())


def nouns() -> dict[str, set[tuple[str, str]]]:
    """Gender and number of every noun of one word."""
    found: dict[str, set[tuple[str, str]]] = {}
    for gender, words in GENDERS.items():
        for one, several in words.items():
            for word, number in ((one, "s"), (several, "p")):
                if " " not in word and "'" not in word:
                    found.setdefault(word, set()).add((gender, number))
        for word in PLURAL_ALONE[gender]:
            found.setdefault(word, set()).add((gender, "p"))
    return found


def adjectives() -> dict[str, set[tuple[str, str]]]:
    """Gender and number of every form of an adjective."""
    found: dict[str, set[tuple[str, str]]] = {}
    for row in rows(ADJECTIVES, 4):
        for word, kind in zip(row, (("m", "s"), ("f", "s"), ("m", "p"), ("f", "p")), strict=True):
            found.setdefault(word, set()).add(kind)
    for word in ("nouvel", "vieil", "bel"):
        found[word] = {("m", "s")}
    return found


FORMS = {person: forms_of(person) for person in OTHER_TENSES}
NOUN, ADJECTIVE = nouns(), adjectives()
DETERMINER: dict[str, list[list[str]]] = {}
for form, *features in rows(DETERMINERS, 4):
    DETERMINER.setdefault(form, []).append(features)
PAIRS = list(grammar())


def complaints(french: str) -> list[str]:
    """Everything that is wrong with a French sentence."""
    plain = re.sub(r"[Ss]'il (?:te|vous) plaît|appareils? photo|avec (?:elle|lui|moi)", "", french)
    said = WORDS.findall(plain[:1].lower() + plain[1:])
    return [*of_nouns(said), *of_verbs(said), *of_sounds(french)]


def of_nouns(said: list[str]) -> list[str]:
    found = []
    for place, word in enumerate(said):
        if word not in NOUN or word in ALSO_VERBS:
            continue
        before = place - 1
        kinds = NOUN[word]
        if said[before] in ADJECTIVE and place > 1 and said[before - 1] in DETERMINER:
            kinds = kinds & ADJECTIVE[said[before]]
            before -= 1
        follower = said[before + 1]
        if place and said[before] in DETERMINER:
            sound = "vowel" if follower[0] in VOWELS and follower[0] != "y" else "consonant"
            if not any(
                gender in genders and number == its_number and its_sound in ("any", sound)
                for gender, number in kinds
                for genders, its_number, its_sound in DETERMINER[said[before]]
            ):
                found.append(f"{said[before]} does not go with {word}")
        follower = said[place + 1] if place + 1 < len(said) else ""
        if follower in ADJECTIVE.keys() - NO_ADJECTIVES and not kinds & ADJECTIVE[follower]:
            found.append(f"{follower} does not agree with {word}")
    return found


def of_verbs(said: list[str]) -> list[str]:
    found = []
    for place, word in enumerate(said):
        if word not in PERSONS or (word == "nous" and said[place - 1 : place] == ["avec"]):
            continue
        if word == "qui" and place and said[place - 1] == "à":
            continue
        rest = said[place + 1 :]
        while rest and rest[0] in BETWEEN:
            rest = rest[1:]
        if rest and rest[0] not in FORMS[PERSONS[word]] and not is_object(said, place):
            found.append(f"{rest[0]} does not go with {word}")
    return found


def is_object(said: list[str], place: int) -> bool:
    """Tell whether "nous" is no subject here: it stands behind one, or before an infinitive."""
    return (
        said[place] == "nous"
        and place + 1 < len(said)
        and (
            place > 0 and said[place - 1] not in ("que", "qu'", "et", "mais", "donc", "quand", "si")
        )
    )


def of_sounds(french: str) -> list[str]:
    text = french.lower()
    found = [
        f"{match[0]!r} is not shortened"
        for match in re.finditer(
            r"(?<!-)\b(?:je|me|te|se|ne|le|la|de|que) (?=[aeéèêiou])(?!onze|un\b)\w+", text
        )
    ]
    found += [
        f"{match[0]!r} is shortened"
        for match in re.finditer(r"\b(?:[ljdnmts]|qu)'(?![aeéèêiouhyœâîô])\w", text)
    ]
    found += [
        f"{match[0]!r}"
        for match in re.finditer(r"\b(?:de le|de les|à le|à les|si ils?)\b(?! \w+er\b)", text)
    ]
    found += [
        f"{match[0]!r} behind a negation"
        for match in re.finditer(
            r"\bn[e'] ?(?:mange|bois|boit|veux|veut|achète|commande)\w* pas "
            r"(?:du|des|un|une|de la)\b(?! verre| tasse| bouteille| litre| kilo| morceau)",
            text,
        )
    ]
    return found


def test_all_sentences_agree_in_gender_number_person_and_sound():
    wrong = {french: complaints(french) for _, french in PAIRS}
    assert {french: said for french, said in wrong.items() if said} == {}


@pytest.mark.parametrize(
    "french",
    [
        "La chat est noir.",
        "Le oiseau est noir.",
        "Je vois un fleur.",
        "Je vois une fleur noir.",
        "Nous avons deux petits maisons.",
        "Où est ma école ?",
        "Où est mon voiture ?",
        "Ce hôtel est grand.",
        "Elle mangent du pain.",
        "Ils ne mange pas.",
        "Tu est fatigué.",
        "Nous nous lève tôt.",
        "Je vais à le marché.",
        "Elle a peur de les chiens.",
        "J'mange du pain.",
        "Elle ne mange pas du pain.",
        "Est-ce que il pleut ?",
    ],
)
def test_the_tables_notice_mistakes(french):
    assert complaints(french)


def test_questions_and_negations_are_translated():
    for english, french in PAIRS:
        assert english.endswith("?") == french.endswith(" ?"), french
        assert not french[0].islower() and "  " not in french and "' " not in french, french
        is_denied = re.search(r"\b(not|cannot|never|no)\b|n't\b", english)
        if is_denied and not english.startswith("No,"):
            assert re.search(r"\b(ne|n'|non)(?:\b|(?<='))", french.lower()), (english, french)


def test_phrases_are_typed_as_french_is():
    for english, french in [*PHRASES, *((one.english, one.french) for one in phrases())]:
        assert not re.search(r"[^ ][?!]$", french), french  # a blank before the mark
        assert english[-1] == french[-1]
        assert english[0].isupper() and french[0].isupper()
    assert len(dict(PHRASES)) == len(PHRASES)
    assert len({one.english for one in phrases()}) == len(phrases())


def test_everyday_translations_are_typed_as_french_is():
    for sentence in everyday_sentences():
        for french in sentence.french:
            assert not re.search(r"[^ ][?!]$", french) and french[-1] == sentence.english[-1], (
                french
            )
            assert not complaints(french), french


def test_the_prompt_quotes_the_phrase_and_the_answer_its_translation():
    (kind,) = (kind for kind in KINDS if kind.name == "french")
    known = dict(PHRASES)
    asked = set()
    for split in ("train", "held_out"):
        for task in kind.prompts(split, 0, 40):
            (english,) = re.findall(r'"(.+?)"', task.question)
            assert task.terse == (known[english],)
            assert task.full == (f'The French is "{known[english]}"',)
            assert task.question.replace(english, "{english}") in FRAMES
            asked.add(english)
    assert len(asked) > 20
