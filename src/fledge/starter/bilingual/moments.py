"""Sentences about the weather, the hour and the day, and words for them in other sentences."""

from fledge.starter.bilingual.draw import Draw
from fledge.starter.bilingual.lexicon import Pair
from fledge.starter.bilingual.sentence import finished

PARTS = (
    ("half past {hour}", "{hour} et demie"),
    ("quarter past {hour}", "{hour} et quart"),
    ("a quarter past {hour}", "{hour} et quart"),
    ("quarter to {hour}", "{hour} moins le quart"),
    ("a quarter to {hour}", "{hour} moins le quart"),
    ("ten past {hour}", "{hour} dix"),
    ("five past {hour}", "{hour} cinq"),
    ("twenty past {hour}", "{hour} vingt"),
    ("ten to {hour}", "{hour} moins dix"),
    ("twenty to {hour}", "{hour} moins vingt"),
)
NOON = (Pair("noon", "midi"), Pair("midnight", "minuit"))
MAKING = ("froid", "chaud", "frais", "beau", "mauvais", "nuit")
"""Weather that French "makes": "il fait froid"; of the rest "there is" some."""
GRADED = ("froid", "chaud", "frais", "beau", "mauvais")
SKIES = (
    ("it is", "il fait", "il y a"),
    ("it is", "il fait", "il y a"),
    ("it is not", "il ne fait pas", "il n'y a pas"),
    ("is it", "est-ce qu'il fait", "est-ce qu'il y a"),
    ("it was", "il faisait", "il y avait"),
    ("it was not", "il ne faisait pas", "il n'y avait pas"),
    ("it is going to be", "il va faire", "il va y avoir"),
    ("it will be", "il va faire", "il va y avoir"),
    ("was it", "est-ce qu'il faisait", "est-ce qu'il y avait"),
)
FALLING = (
    ("it is {ing}", "il {now}", "any"),
    ("it is not {ing}", "il ne {now} pas", "any"),
    ("is it {ing}", "est-ce qu'il {now}", "any"),
    ("it {base}s a lot", "il {now} beaucoup", "season"),
    ("does it {base} a lot", "est-ce qu'il {now} beaucoup", "season"),
    ("it often {base}s", "il {now} souvent", "season"),
    ("it {base}ed", "il a {done}", "past"),
    ("did it {base}", "est-ce qu'il a {done}", "past"),
    ("it did not {base}", "il n'a pas {done}", "past"),
    ("it is going to {base}", "il va {to}", "future"),
    ("is it going to {base}", "est-ce qu'il va {to}", "future"),
    ("it is not going to {base}", "il ne va pas {to}", "future"),
    ("it will {base}", "il va {to}", "future"),
    ("will it {base}", "est-ce qu'il va {to}", "future"),
)
WATERS = (
    {"base": "rain", "ing": "raining", "now": "pleut", "done": "plu", "to": "pleuvoir"},
    {"base": "snow", "ing": "snowing", "now": "neige", "done": "neigé", "to": "neiger"},
)
DAY_FRAMES = (
    ("today is {day}", "aujourd'hui, c'est {day}", "."),
    ("it is {day}", "c'est {day}", "."),
    ("it is {day} today", "c'est {day} aujourd'hui", "."),
    ("tomorrow is {day}", "demain, c'est {day}", "."),
    ("yesterday was {day}", "hier, c'était {day}", "."),
    ("is it {day} today", "est-ce que c'est {day} aujourd'hui", "?"),
    ("is today {day}", "est-ce qu'aujourd'hui c'est {day}", "?"),
    ("the {shop} is closed on {day}s", "{le_shop} est fermé le {day}", "."),
    ("the {shop}s are closed on {day}s", "{les_shops} sont fermés le {day}", "."),
    ("I do not work on {day}s", "je ne travaille pas le {day}", "."),
    ("my birthday is in {month}", "mon anniversaire est en {month}", "."),
    ("it is cold in {month}", "il fait froid en {month}", "."),
    ("we are going to {town} in {month}", "nous allons à {town} en {month}", "."),
    ("the meeting is on {day}", "la réunion est {day}", "."),
    ("I am free on {day}", "je suis libre {day}", "."),
    ("are you free on {day}", "est-ce que tu es libre {day}", "?"),
)

SHOPS = {
    "shop": {"le_shop": "le magasin", "les_shops": "les magasins"},
    "museum": {"le_shop": "le musée", "les_shops": "les musées"},
    "market": {"le_shop": "le marché", "les_shops": "les marchés"},
}


def weather(draw: Draw) -> Pair:
    """Draw "it is very cold today" or "was it sunny yesterday?"."""
    english, making, holding = draw.one(SKIES)
    sky = draw.pair("sky")
    is_made = sky.french in MAKING
    degree = draw.pair("degree") if sky.french in GRADED and draw.chance(0.3) else None
    french = f"{making if is_made else holding} {degree.french + ' ' if degree else ''}{sky.french}"
    if " pas " in f"{french} " and not is_made:
        french = f"{holding} de {sky.french.split()[1]}"
    words = f"{english} {degree.english + ' ' if degree else ''}{sky.english}"
    if not english.startswith(("is it", "was it")) and draw.chance(0.1) and sky.english != "dark":
        words = words.replace("it ", "the weather ", 1)
    lists = ("past",) if "was" in english else ("future",) if "be" in english else ("any", "season")
    return _when(draw, Pair(words, french), lists, 0.6)


def falling(draw: Draw) -> Pair:
    """Draw "it is raining" or "is it going to snow tomorrow?"."""
    english, french, moment = draw.one(FALLING)
    water = draw.one(WATERS)
    return _when(draw, Pair(english.format(**water), french.format(**water)), (moment,), 0.65)


def _when(draw: Draw, words: Pair, lists: tuple[str, ...], share: float) -> Pair:
    if draw.chance(share):
        moment = draw.pair(*lists)
        words = Pair(f"{words.english} {moment.english}", f"{words.french} {moment.french}")
    mark = "?" if words.french.startswith("est-ce") else "."
    return finished(draw, words, mark)


def hour(draw: Draw) -> Pair:
    """Draw "three o'clock", "half past ten" or "noon"."""
    if draw.chance(0.08):
        return draw.one(NOON)
    number = Pair("one", "une") if draw.chance(1 / 12) else draw.number(12)
    french = "une heure" if number.english == "one" else f"{number.french} heures"
    if draw.chance(0.5):
        english = f"{number.english} o'clock" if draw.chance(0.65) else number.english
        return Pair(english, french)
    before, behind = draw.one(PARTS)
    return Pair(before.format(hour=number.english), behind.format(hour=french))


def clock(draw: Draw) -> Pair:
    """Draw "it is three o'clock"."""
    time = hour(draw)
    english = draw.one(("it is", "it is", "it is already", "it is almost"))
    french = {"it is": "il est", "it is already": "il est déjà", "it is almost": "il est presque"}
    return finished(
        draw, Pair(f"{english} {time.english}", f"{french[english]} {time.french}"), "."
    )


def at_an_hour(draw: Draw) -> Pair:
    """Draw "at eight o'clock"."""
    time = hour(draw)
    return Pair(f"at {time.english}", f"à {time.french}")


def on_a_day(draw: Draw) -> Pair:
    """Draw "on Monday", or "on Mondays" for every one of them."""
    day = draw.pair("days")
    if draw.chance(0.25):
        return Pair(f"on {day.english}s", f"le {day.french}")
    return Pair(f"on {day.english}", day.french)


def day(draw: Draw) -> Pair:
    """Draw "today is Monday" or "my birthday is in May"."""
    english, french, mark = draw.one(DAY_FRAMES)
    day_, month, town = draw.pair("days"), draw.pair("months"), draw.pair("city")
    shop = draw.one(tuple(SHOPS))
    sides = [
        {"day": day_.english, "month": month.english, "town": town.english, "shop": shop},
        {"day": day_.french, "month": month.french, "town": town.french, **SHOPS[shop]},
    ]
    return finished(draw, Pair(english.format(**sides[0]), french.format(**sides[1])), mark)
