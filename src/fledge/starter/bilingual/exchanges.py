"""Sentences that people exchange: greetings, names, thanks, prices and questions."""

import tomllib
from functools import cache
from importlib.resources import files

from fledge.starter.bilingual.clause import PRONOUNS, Subject, as_subject
from fledge.starter.bilingual.conjugation import participle, present
from fledge.starter.bilingual.draw import Draw
from fledge.starter.bilingual.lexicon import Pair, read_pair
from fledge.starter.bilingual.noun_phrase import (
    OWNERS,
    Named,
    definite,
    named,
    pointed_at,
    possessed,
)
from fledge.starter.bilingual.sentence import finished
from fledge.starter.bilingual.subjects import named_person, relative
from fledge.starter.bilingual.tenses import agreeing, be, turned_round

CALLED = (
    ("my name is {name}", "je m'appelle {name}", "."),
    ("my name is {name}", "je m'appelle {name}", "."),
    ("I am {name}", "je suis {name}", "."),
    ("his name is {name}", "il s'appelle {name}", "."),
    ("her name is {name}", "elle s'appelle {name}", "."),
    ("this is {name}", "c'est {name}", "."),
    ("this is my friend {name}", "c'est mon ami {name}", "."),
    ("is your name {name}", "est-ce que tu t'appelles {name}", "?"),
    ("are you {name}", "est-ce que tu es {name}", "?"),
    ("{whose} name is {name}", "{who} s'appelle {name}", "."),
    ("what is {whose} name", "comment s'appelle {who}", "?"),
    ("what is his name", "comment s'appelle-t-il", "?"),
    ("what is her name", "comment s'appelle-t-elle", "?"),
    ("do you know {name}", "est-ce que tu connais {name}", "?"),
    ("where does {name} live", "où habite {name}", "?"),
    ("here are {name} and {other}", "voici {name} et {other}", "."),
    ("this present is for {name}", "ce cadeau est pour {name}", "."),
)
BILLS = (
    ("how much {be} {thing}", "combien {cost} {chose}", "?"),
    ("how much {be} {thing}", "combien {cost} {chose}", "?"),
    ("how much {do} {thing} cost", "combien {cost} {chose}", "?"),
    ("{thing} {costs} {number} euros", "{chose} {cost} {nombre} euros", "."),
    ("{thing} {be} {number} euros", "{chose} {cost} {nombre} euros", "."),
    ("that is {number} euros", "ça fait {nombre} euros", "."),
    ("do you have {thing} in {colour}", "est-ce que vous avez {chose} en {couleur}", "?"),
    ("what colour {be} {thing}", "de quelle couleur {est} {chose}", "?"),
)
THANKING = (
    ("thank you for", "merci"),
    ("thank you very much for", "merci beaucoup"),
    ("thanks for", "merci"),
    ("thanks a lot for", "merci beaucoup"),
)
WISHES = {"m": ("bon", "bons"), "f": ("bonne", "bonnes")}
GOOD = ("good", "nice", "great", "lovely")
REPLIES = (
    ("how {be} {who}", "comment {va} {qui}", "?"),
    ("{hello} {name}, how are you", "{bonjour} {name}, comment vas-tu", "?"),
    ("{hello} {name}", "{bonjour} {name}", "."),
    ("{hello}, {name}", "{bonjour}, {name}", "!"),
    ("{hello}, how are you", "{bonjour}, comment vas-tu", "?"),
    ("how are you {when}", "comment vas-tu {quand}", "?"),
    ("how are you, {name}", "comment vas-tu, {name}", "?"),
    ("thank you, {name}", "merci, {name}", "."),
    ("goodbye, {name}", "au revoir, {name}", "."),
    ("good night, {name}", "bonne nuit, {name}", "."),
    ("happy birthday, {name}", "bon anniversaire, {name}", "!"),
)


@cache
def phrases() -> tuple[Pair, ...]:
    """Read the phrases that no rule makes."""
    text = files(__package__).joinpath("phrases.toml").read_text(encoding="utf-8")
    return tuple(map(read_pair, tomllib.loads(text)["phrases"]))


def called(draw: Draw) -> Pair:
    """Draw "my name is Anna" or "what is your brother's name?"."""
    english, french, mark = draw.one(CALLED)
    person, names = relative(draw, plural_share=0.0), [draw.first_name()[0] for _ in "12"]
    words = {"name": names[0], "other": names[1]}
    whose, who = f"{person.english}'s", person.french
    return finished(
        draw,
        Pair(english.format(whose=whose, **words), french.format(who=who, **words)),
        mark,
    )


def price(draw: Draw) -> Pair:
    """Draw "how much are these shoes?" or "the book costs ten euros"."""
    english, french, mark = draw.one(BILLS)
    name = draw.one(("clothes", "dish", "thing"))
    one = Named(named(draw, name).noun, None, draw.chance(0.4))
    subject = as_subject(pointed_at(draw, one) if draw.chance(0.55) else definite(one))
    number, colour = draw.number(), draw.adjective("colour")
    helper = "does" if subject.is_third else "do"
    costs = "costs" if subject.is_third else "cost"
    left = {"be": be(subject), "do": helper, "costs": costs, "thing": subject.english}
    left |= {"number": number.english, "colour": colour.english}
    right = {"chose": subject.french, "nombre": number.french, "couleur": colour.masculine}
    right |= {
        name: present(verb, subject.person) for name, verb in (("cost", "coûter"), ("est", "être"))
    }
    return finished(draw, Pair(english.format(**left), french.format(**right)), mark)


def thanking(draw: Draw) -> Pair:
    """Draw "thank you for your help"."""
    (english, french), what = draw.one(THANKING), draw.pair("thanks")
    words = Pair(f"{english} {what.english}", f"{french} {what.french}")
    return finished(draw, words, draw.one("..!"))


def parting(draw: Draw) -> Pair:
    """Draw "see you on Monday" or "have a nice weekend!"."""
    if draw.chance(0.55):
        when = draw.pair("parting")
        return finished(draw, Pair(f"see you {when.english}", f"à {when.french}"), draw.one("..!"))
    event = draw.noun("event")
    words = f"{WISHES[event.gender][event.is_plural]} {event.french}"
    return finished(draw, Pair(f"have a {draw.one(GOOD)} {event.english}", words), draw.one(".!!"))


def greeting(draw: Draw) -> Pair:
    """Draw "hello Anna, how are you?" or "how is your mother?"."""
    english, french, mark = draw.one(REPLIES)
    hello = draw.one(draw.lexicon.pairs["greeting"][:4])
    subject, name, when = someone_else(draw), draw.first_name()[0], draw.pair("any")
    left = {"be": be(subject), "who": subject.english, "hello": hello.english, "when": when.english}
    right = {"va": present("aller", subject.person), "qui": subject.french, "quand": when.french}
    if subject in PRONOUNS:
        right |= {"va": turned_round("aller", subject), "qui": ""}
        french = french.replace(" {qui}", "{qui}")
    right["bonjour"] = hello.french
    return finished(
        draw, Pair(english.format(name=name, **left), french.format(name=name, **right)), mark
    )


def someone_else(draw: Draw) -> Subject:
    """Draw whom one asks after."""
    share = draw.random.random()
    if share < 0.2:
        return draw.one(PRONOUNS[1:])
    return named_person(draw) if share < 0.4 else as_subject(relative(draw))


def how_was(draw: Draw) -> Pair:
    """Draw "how was your day?" and other questions about it."""
    one = Named(draw.noun("event"), None, False)
    subject = as_subject(possessed(draw.one(OWNERS), one) if draw.chance(0.8) else definite(one))
    if draw.chance(0.3):
        helper = "étaient" if subject.is_plural else "était"
        return finished(
            draw, Pair(f"when was {subject.english}", f"quand {helper} {subject.french}"), "?"
        )
    done = agreeing(participle("passer"), subject.gender, subject.is_plural)
    helper = present("être", subject.person)
    french = f"comment se {helper} {done} {subject.french}"
    return finished(draw, Pair(f"how was {subject.english}", french), "?")


def asking_for(draw: Draw) -> Pair:
    """Draw "what is your address?" or "what is your favourite colour?"."""
    is_liked = draw.chance(0.5)
    noun = draw.noun("favourite" if is_liked else "told")
    owner = draw.one(("your", "your", "his", "her", "their"))
    one = possessed(owner, Named(noun, None, False))
    which, liked = ("quelle", "préférée") if noun.gender == "f" else ("quel", "préféré")
    english = f"what is {owner} {'favourite ' if is_liked else ''}{noun.english}"
    french = f"{which} est {one.french}{' ' + liked if is_liked else ''}"
    return finished(draw, Pair(english, french), "?")
