"""French sentences read word by word against a table that knows nothing of the grammar's code."""

import re

import pytest

from fledge.starter.french import FRAMES, PHRASES
from fledge.starter.kinds import KINDS
from fledge.starter.parallel import grammar, sentence_pairs

# Every French noun with its English, gender and number. Aspirated h does not occur.
NOUNS = """
chat cat m s        chats cat m p         chien dog m s       chiens dog m p
oiseau bird m s     oiseaux bird m p      livre book m s      livres book m p
jardin garden m s   jardins garden m p    train train m s     trains train m p
hôtel hotel m s     hôtels hotel m p      manteau coat m s    manteaux coat m p
table table f s     tables table f p      porte door f s      portes door f p
maison house f s    maisons house f p     voiture car f s     voitures car f p
fleur flower f s    fleurs flower f p     école school f s    écoles school f p
pomme apple f s     pommes apple f p      lettre letter f s   lettres letter f p
journée day f s     soirée evening f s    réunion meeting f s leçon lesson f s
promenade walk f s  voyage trip m s       déjeuner lunch m s  concert concert m s
"""
# Every form of an adjective with its English, genders and number, and whether it precedes the noun.
ADJECTIVES = """
noir black m s after  noire black f s after  noirs black m p after  noires black f p after
blanc white m s after  blanche white f s after  blancs white m p after  blanches white f p after
vert green m s after  verte green f s after  verts green m p after  vertes green f p after
rouge red mf s after  rouges red mf p after  propre clean mf s after  propres clean mf p after
étrange strange mf s after  étranges strange mf p after
petit small m s before  petite small f s before  petits small m p before  petites small f p before
grand big m s before  grande big f s before  grands big m p before  grandes big f p before
joli pretty m s before  jolie pretty f s before  jolis pretty m p before  jolies pretty f p before
long long m s after  longue long f s after
passé was m s after  passée was f s after
"""
# Every determiner with its English, genders and number; "vowel" where a vowel must follow,
# "consonant" where it must not.
DETERMINERS = """
le the m s consonant  la the f s consonant   l' the mf s vowel      les the mf p any
un a m s any          une a f s any          ce this m s consonant  cet this m s vowel
cette this f s any    mon my m s any         mon my f s vowel       ma my f s consonant
ton your m s any      ton your f s vowel     ta your f s consonant
son his m s any       son his f s vowel      sa his f s consonant   deux two mf p any
"""
VERBS = {"est": "s", "sont": "p", "était": "s"}


def table(text: str, width: int) -> list[list[str]]:
    words = text.split()
    return [words[start : start + width] for start in range(0, len(words), width)]


NOUN = {row[0]: row[1:] for row in table(NOUNS, 4)}
ADJECTIVE = {row[0]: row[1:] for row in table(ADJECTIVES, 5)}
DETERMINER: dict[str, list[list[str]]] = {}
for form, *features in table(DETERMINERS, 5):
    DETERMINER.setdefault(form, []).append(features)
PAIRS = list(grammar())


def words(french: str) -> list[str]:
    return re.findall(r"[ldn]'|[\wàâéèêîôûçœ]+(?:-ce|-tu)?", french.lower())


def complaints(english: str, french: str) -> list[str]:
    """Everything that is wrong with a French sentence of the grammar."""
    said = words(french)
    nouns = [word for word in said if word in NOUN]
    if len(nouns) != 1:
        return [f"{len(nouns)} nouns"]
    noun = nouns[0]
    meaning, gender, number = NOUN[noun]
    plural = "s" if number == "p" else ""
    found = []
    if not re.search(rf"\b{meaning}{plural}\b", english.lower()):
        found.append(f"{noun} is not in the English")
    for place, word in enumerate(said):
        if word in DETERMINER:
            follower = said[place + 1]
            fits = [
                kind
                for kind, genders, numbers, sound in DETERMINER[word]
                if gender in genders
                and number == numbers
                and sound in ("any", "vowel" if follower[0] in "aeiouéèêhô" else "consonant")
                and (kind in english.lower().split() or (kind == "the" and word == "les"))
            ]
            if not fits:
                found.append(f"{word} does not go with {follower}")
        if word in ADJECTIVE:
            meaning, genders, numbers, position = ADJECTIVE[word]
            if gender not in genders or number != numbers:
                found.append(f"{word} does not agree with {noun}")
            if meaning not in re.findall(r"\w+", english.lower()):
                found.append(f"{word} is not in the English")
            beside = [at for at in (place - 1, place + 1) if 0 <= at < len(said)]
            if any(said[at] == noun for at in beside):
                is_before = place < said.index(noun)
                if is_before != (position == "before"):
                    found.append(f"{word} is on the wrong side of {noun}")
        if word in VERBS and "comment" not in said and VERBS[word] != number:
            found.append(f"{word} has the wrong number")
    return found


def test_all_sentences_agree_in_gender_number_sound_and_order():
    wrong = {french: complaints(english, french) for english, french in PAIRS}
    assert {french: said for french, said in wrong.items() if said} == {}


@pytest.mark.parametrize(
    ("english", "french"),
    [
        ("The cat is black.", "La chat est noir."),
        ("The cat is black.", "Le chat est noire."),
        ("The cats are black.", "Les chats est noirs."),
        ("The bird is black.", "Le oiseau est noir."),
        ("The dog is black.", "Le chat est noir."),
        ("I see a red book.", "Je vois un rouge livre."),
        ("I see a pretty flower.", "Je vois une fleur jolie."),
        ("Where is my school?", "Où est ma école ?"),
        ("Where is my car?", "Où est mon voiture ?"),
        ("Where is your car?", "Où est ma voiture ?"),
        ("This hotel is not big.", "Ce hôtel n'est pas grand."),
        ("How was your day?", "Comment s'est passé ta journée ?"),
    ],
)
def test_the_table_notices_mistakes(english, french):
    assert complaints(english, french)


def test_negations_questions_and_verbs_are_translated():
    for english, french in PAIRS:
        assert english.endswith("?") == french.endswith(" ?"), french
        assert english.endswith(".") == (french.endswith(".") and " ." not in french), french
        assert (" not " in english) == ("n'est pas " in french), french
        for verb, translated in (
            ("I see", "Je vois"),
            ("We have", "Nous avons"),
            ("She likes", "Elle aime"),
            ("He finds", "Il trouve"),
            ("Do you see", "Vois-tu"),
            ("Where is", "Où est"),
            ("When was", "Quand était"),
            ("How was", "Comment s'est passé"),
            ("Is the", "Est-ce que l"),
        ):
            assert english.startswith(verb) == french.startswith(translated), (english, french)
        assert french[0].isupper()
        assert not re.search(r"[A-ZÉ]", french[1:]), french


def test_the_grammar_has_every_sentence_once():
    # 16 nouns by 9 adjectives in 7 sentences; 3 owners of 16 things in 4 and of 8 events in 3.
    assert (
        len(PAIRS) == len({english for english, _ in PAIRS}) == 16 * 9 * 7 + 3 * 16 * 4 + 3 * 8 * 3
    )
    assert len({french for _, french in PAIRS}) == len(PAIRS)


def test_the_splits_share_no_sentence_and_lose_none():
    train, held_out = sentence_pairs("train"), sentence_pairs("held_out")
    assert train[: len(PHRASES)] == list(PHRASES)
    of_the_grammar = {*train[len(PHRASES) :], *held_out}
    known = dict(PHRASES)
    assert of_the_grammar == {pair for pair in PAIRS if pair[0] not in known}
    assert len(of_the_grammar) == len(train) - len(PHRASES) + len(held_out)
    assert len({english for english, _ in train}) == len(train)
    for english, french in PAIRS:
        assert known.get(english, french) == french


def test_phrases_are_typed_as_french_is():
    for english, french in PHRASES:
        assert not re.search(r"[^ ][?!]$", french), french  # a blank before the mark
        assert english[-1] == french[-1]
        assert english[0].isupper() and french[0].isupper()
    assert len(dict(PHRASES)) == len(PHRASES)


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
