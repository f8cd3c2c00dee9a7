"""Little French words before other words, and English forms, by hand."""

import pytest

from fledge.starter.bilingual.agreement import (
    a,
    contracted,
    elided,
    noun_group,
    owned,
    some,
    the,
    this,
)
from fledge.starter.bilingual.english import contracted as typed
from fledge.starter.bilingual.english import plural_of, third_person, verb_forms, with_article
from fledge.starter.bilingual.lexicon import read_adjective, read_noun

SCHOOL, GARDEN, TREE = map(read_noun, ("school | école f", "garden | jardin m", "tree | arbre m"))
OLD = read_adjective("old | vieux vieille vieil", is_before=True)
RED = read_adjective("red | rouge")
BLUE = read_adjective("blue | bleu bleue")


@pytest.mark.parametrize(
    ("apart", "shortened"),
    [
        ("je ai faim", "j'ai faim"),
        ("Je habite ici", "J'habite ici"),
        ("elle ne est pas là", "elle n'est pas là"),
        ("la école", "l'école"),
        ("le oiseau", "l'oiseau"),
        ("le hôtel", "l'hôtel"),
        ("est-ce que il pleut", "est-ce qu'il pleut"),
        ("je me appelle Anna", "je m'appelle Anna"),
        ("je veux le aider", "je veux l'aider"),
        ("la voiture de Anna", "la voiture d'Anna"),
        ("la voiture de Paul", "la voiture de Paul"),
        ("ce est vrai", "c'est vrai"),
        ("ce était vrai", "c'était vrai"),
        ("ce ne est pas vrai", "ce n'est pas vrai"),
        ("que est-ce que tu fais", "qu'est-ce que tu fais"),
        ("qu' est-ce que tu fais", "qu'est-ce que tu fais"),
        ("je le ai vu", "je l'ai vu"),
        ("le onze mai", "le onze mai"),
        ("il se habille", "il s'habille"),
        ("une école", "une école"),
        ("tu as peur", "tu as peur"),
        ("le thé", "le thé"),
    ],
)
def test_little_words_are_shortened_before_a_vowel(apart, shortened):
    assert elided(apart) == shortened


@pytest.mark.parametrize(
    ("preposition", "phrase", "joined"),
    [
        ("à", "le marché", "au marché"),
        ("à", "la gare", "à la gare"),
        ("à", "le hôtel", "à le hôtel"),
        ("à", "les enfants", "aux enfants"),
        ("à", "mon frère", "à mon frère"),
        ("de", "le pain", "du pain"),
        ("de", "les clés", "des clés"),
        ("de", "la soupe", "de la soupe"),
        ("de", "ton père", "de ton père"),
    ],
)
def test_prepositions_join_the_article(preposition, phrase, joined):
    assert contracted(preposition, phrase) == joined


def test_articles_possessives_and_demonstratives():
    assert the("jardin", "m", False) == "le jardin"
    assert the("jardins", "m", True) == "les jardins"
    assert a("école", "f") == "une école" and a("arbre", "m") == "un arbre"
    assert this("arbre", "m", False) == "cet arbre" and this("jardin", "m", False) == "ce jardin"
    assert this("école", "f", False) == "cette école" and this("arbres", "m", True) == "ces arbres"
    assert some("pain", "m", False) == "du pain" and some("soupe", "f", False) == "de la soupe"
    assert elided(some("eau", "f", False)) == "de l'eau" and some("œufs", "m", True) == "des œufs"


@pytest.mark.parametrize(
    ("owner", "expected"),
    [
        ("my", ["mon jardin", "ma table", "mon école", "mes clés"]),
        ("your", ["ton jardin", "ta table", "ton école", "tes clés"]),
        ("his", ["son jardin", "sa table", "son école", "ses clés"]),
        ("her", ["son jardin", "sa table", "son école", "ses clés"]),
        ("our", ["notre jardin", "notre table", "notre école", "nos clés"]),
        ("their", ["leur jardin", "leur table", "leur école", "leurs clés"]),
    ],
)
def test_owners(owner, expected):
    things = [("jardin", "m", False), ("table", "f", False), ("école", "f", False)]
    assert [owned(owner, *thing) for thing in [*things, ("clés", "f", True)]] == expected


def test_adjectives_have_their_place_and_their_form():
    assert noun_group(TREE, OLD) == "vieil arbre"
    assert noun_group(GARDEN, OLD) == "vieux jardin"
    assert noun_group(SCHOOL, OLD) == "vieille école"
    assert noun_group(TREE, OLD, is_plural=True) == "vieux arbres"
    assert noun_group(SCHOOL, RED, is_plural=True) == "écoles rouges"
    assert noun_group(SCHOOL, BLUE) == "école bleue"
    assert noun_group(read_noun("toilet | toilettes fp"), BLUE) == "toilettes bleues"


def test_english_forms_follow_their_rules():
    assert [third_person(verb) for verb in ("go", "wash", "study", "have", "play", "watch")] == [
        *("goes", "washes", "studies", "has", "plays", "watches")
    ]
    assert [plural_of(noun) for noun in ("watch", "library", "key", "box", "photo")] == [
        *("watches", "libraries", "keys", "boxes", "photos")
    ]
    forms = verb_forms(["get up", "got", "got", "getting"])
    assert (forms.third, forms.progressive, forms.past) == ("gets up", "getting up", "got up")
    forms = verb_forms(["dance"])
    assert (forms.progressive, forms.past, forms.participle) == ("dancing", "danced", "danced")
    assert (
        verb_forms(["cry"]).past == "cried"
        and verb_forms(["see", "saw", "seen"]).progressive == "seeing"
    )
    articles = [
        with_article(words) for words in ("egg", "old cat", "university", "hour", "red egg")
    ]
    assert articles == ["an egg", "an old cat", "a university", "an hour", "a red egg"]


@pytest.mark.parametrize(
    ("written", "short"),
    [
        ("I am tired.", "I'm tired."),
        ("She is not here.", "She isn't here."),
        ("We do not know.", "We don't know."),
        ("I cannot come.", "I can't come."),
        ("It will not rain.", "It won't rain."),
        ("They will come.", "They'll come."),
        ("You would like tea.", "You'd like tea."),
        ("What is this?", "What's this?"),
        ("Is he here?", "Is he here?"),
        ("My brother is here.", "My brother is here."),
    ],
)
def test_people_write_short_forms(written, short):
    assert typed(written) == short
