"""Clauses in every tense, said, denied and asked, against sentences written by hand."""

import pytest

from fledge.starter.bilingual.agreement import elided
from fledge.starter.bilingual.clause import PRONOUNS, Clause, Subject
from fledge.starter.bilingual.lexicon import Pair, lexicon
from fledge.starter.bilingual.noun_phrase import NOTHING, Complement, fixed
from fledge.starter.bilingual.tenses import (
    agreeing,
    be,
    being,
    can,
    going_to,
    matched,
    must,
    past,
    perfect,
    present_of,
    progressive,
    simple,
    state,
    turned_round,
    will,
    with_infinitive,
    would_like,
)

I, YOU, HE, SHE, WE, THEY = PRONOUNS  # noqa: E741
ANNA = Subject("Anna", "Anna", 2, "f", False)
SISTERS = Subject("my sisters", "mes sœurs", 5, "f", True)
BREAD = Complement("some bread", "du pain", "any bread", "de pain")
MUSIC = Complement("music", "de la musique", "music", "de musique")
HOME = fixed("home", "à la maison")


def verb(english: str):
    return next(one for one in lexicon().all_verbs if one.english.base == english)


def three(clause: Clause) -> list[str]:
    """English and French of the statement, the negation and the question."""
    pairs = (clause.said(), clause.denied(), clause.asked())
    return [text for pair in pairs for text in (pair.english, elided(pair.french))]


def test_the_present_of_a_verb_with_an_object():
    assert three(Clause(SHE, simple(SHE, verb("eat")), BREAD)) == [
        "she eats some bread",
        "elle mange du pain",
        "she does not eat any bread",
        "elle ne mange pas de pain",
        "does she eat some bread",
        "est-ce qu'elle mange du pain",
    ]
    assert three(Clause(I, progressive(I, verb("listen to")), MUSIC)) == [
        "I am listening to music",
        "j'écoute de la musique",
        "I am not listening to music",
        "je n'écoute pas de musique",
        "am I listening to music",
        "est-ce que j'écoute de la musique",
    ]


def test_reflexive_verbs_take_the_pronoun_of_their_subject():
    today = Pair("today", "aujourd'hui")
    assert three(Clause(WE, simple(WE, verb("get up")), NOTHING, today)) == [
        "we get up today",
        "nous nous levons aujourd'hui",
        "we do not get up today",
        "nous ne nous levons pas aujourd'hui",
        "do we get up today",
        "est-ce que nous nous levons aujourd'hui",
    ]
    assert three(Clause(ANNA, past(ANNA, verb("stop"))))[:4] == [
        "Anna stopped",
        "Anna s'est arrêtée",
        "Anna did not stop",
        "Anna ne s'est pas arrêtée",
    ]


@pytest.mark.parametrize(
    ("subject", "english", "french"),
    [
        (HE, "he went home", "il est allé à la maison"),
        (SHE, "she went home", "elle est allée à la maison"),
        (WE, "we went home", "nous sommes allés à la maison"),
        (SISTERS, "my sisters went home", "mes sœurs sont allées à la maison"),
        (I, "I went home", "je suis allé à la maison"),
    ],
)
def test_the_past_with_etre_agrees(subject, english, french):
    clause = Clause(subject, past(subject, verb("go")), HOME)
    assert [clause.said().english, clause.said().french] == [english, french]


def test_the_past_with_avoir():
    assert three(Clause(THEY, past(THEY, verb("eat")), BREAD)) == [
        "they ate some bread",
        "ils ont mangé du pain",
        "they did not eat any bread",
        "ils n'ont pas mangé de pain",
        "did they eat some bread",
        "est-ce qu'ils ont mangé du pain",
    ]
    assert three(Clause(HE, perfect(HE, verb("lose")), fixed("his key", "sa clé"))) == [
        "he has lost his key",
        "il a perdu sa clé",
        "he has not lost his key",
        "il n'a pas perdu sa clé",
        "has he lost his key",
        "est-ce qu'il a perdu sa clé",
    ]


@pytest.mark.parametrize(
    ("predicate", "expected"),
    [
        (
            going_to,
            [
                "I am going to sleep",
                "je vais dormir",
                "I am not going to sleep",
                "je ne vais pas dormir",
            ],
        ),
        (will, ["I will sleep", "je vais dormir", "I will not sleep", "je ne vais pas dormir"]),
        (can, ["I can sleep", "je peux dormir", "I cannot sleep", "je ne peux pas dormir"]),
        (must, ["I must sleep", "je dois dormir", "I must not sleep", "je ne dois pas dormir"]),
        (
            would_like,
            [
                *("I would like to sleep", "je voudrais dormir"),
                *("I would not like to sleep", "je ne voudrais pas dormir"),
            ],
        ),
    ],
)
def test_an_infinitive_behind_another_verb(predicate, expected):
    assert three(Clause(I, predicate(I, verb("sleep"))))[:4] == expected


def test_wanting_having_and_liking_to():
    def said(subject, word, french):
        return three(
            Clause(subject, with_infinitive(subject, verb("sleep"), word, present_of(french)))
        )

    assert said(SHE, "want", "vouloir") == [
        "she wants to sleep",
        "elle veut dormir",
        "she does not want to sleep",
        "elle ne veut pas dormir",
        "does she want to sleep",
        "est-ce qu'elle veut dormir",
    ]
    assert said(HE, "have", "devoir")[:2] == ["he has to sleep", "il doit dormir"]
    assert said(WE, "like", "aimer")[:2] == ["we like to sleep", "nous aimons dormir"]


def test_pronouns_stand_before_the_verb_that_they_belong_to():
    her = fixed("her", "")
    assert three(Clause(I, simple(I, verb("see"), "la"), her)) == [
        "I see her",
        "je la vois",
        "I do not see her",
        "je ne la vois pas",
        "do I see her",
        "est-ce que je la vois",
    ]
    assert three(Clause(HE, past(HE, verb("take"), "les"), fixed("them", "")))[:4] == [
        "he took them",
        "il les a pris",
        "he did not take them",
        "il ne les a pas pris",
    ]
    assert three(Clause(I, past(I, verb("see"), "la"), her))[:2] == ["I saw her", "je l'ai vue"]
    assert three(Clause(YOU, can(YOU, verb("help"), "me"), fixed("me", "")))[4:] == [
        "can you help me",
        "est-ce que tu peux m'aider",
    ]
    assert three(Clause(HE, going_to(HE, verb("help"), "nous"), fixed("us", "")))[2:4] == [
        "he is not going to help us",
        "il ne va pas nous aider",
    ]


def test_states_are_etre_or_avoir():
    assert three(Clause(THEY, state(THEY, "être", was=True), fixed("late", "en retard"))) == [
        "they were late",
        "ils étaient en retard",
        "they were not late",
        "ils n'étaient pas en retard",
        "were they late",
        "est-ce qu'ils étaient en retard",
    ]
    assert three(Clause(I, state(I, "avoir"), fixed("hungry", "faim")))[:4] == [
        "I am hungry",
        "j'ai faim",
        "I am not hungry",
        "je n'ai pas faim",
    ]
    assert three(Clause(WE, being(WE, "aller"), fixed("fine", "bien")))[:2] == [
        "we are fine",
        "nous allons bien",
    ]


def test_a_need_has_its_noun_behind_the_negation():
    assert three(
        Clause(SHE, matched(SHE, "need", "avoir", "besoin"), fixed("a key", "d'une clé"))
    ) == [
        "she needs a key",
        "elle a besoin d'une clé",
        "she does not need a key",
        "elle n'a pas besoin d'une clé",
        "does she need a key",
        "est-ce qu'elle a besoin d'une clé",
    ]


@pytest.mark.parametrize(
    ("adverb", "english", "french"),
    [
        (Pair("often", "souvent"), "he often eats some bread", "il mange souvent du pain"),
        (Pair("never", "jamais"), "he never eats some bread", "il ne mange jamais de pain"),
    ],
)
def test_adverbs_of_frequency_have_their_place(adverb, english, french):
    pair = Clause(HE, simple(HE, verb("eat")), BREAD).often(adverb)
    assert (pair.english, pair.french) == (english, french)


def test_question_words_stand_first():
    where = Pair("where", "où")
    pair = Clause(YOU, progressive(YOU, verb("go"))).asked(where)
    assert (pair.english, pair.french) == ("where are you going", "où est-ce que tu vas")


@pytest.mark.parametrize(
    ("word", "forms"),
    [("allé", "allé allée allés allées"), ("pris", "pris prise pris prises")],
)
def test_participles_agree(word, forms):
    kinds = [("m", False), ("f", False), ("m", True), ("f", True)]
    assert [agreeing(word, *kind) for kind in kinds] == forms.split()


def test_be_and_turned_round_verbs():
    assert [be(one) for one in PRONOUNS] == ["am", "are", "is", "is", "are", "are"]
    assert [be(one, was=True) for one in PRONOUNS] == ["was", "were", "was", "was", "were", "were"]
    assert turned_round("avoir", YOU) == "as-tu" and turned_round("avoir", HE) == "a-t-il"
    assert turned_round("aller", SHE) == "va-t-elle" and turned_round("être", THEY) == "sont-ils"
