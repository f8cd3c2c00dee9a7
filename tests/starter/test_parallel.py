import pytest

from fledge.starter.french import PHRASES
from fledge.starter.parallel import grammar, sentence_pairs


@pytest.mark.parametrize(
    "english, french",
    [
        ("How was your day?", "Comment s'est passée ta journée ?"),
        ("How was his trip?", "Comment s'est passé son voyage ?"),
        ("Where is my school?", "Où est mon école ?"),
        ("The bird is white.", "L'oiseau est blanc."),
        ("The coats are green.", "Les manteaux sont verts."),
        ("This hotel is not big.", "Cet hôtel n'est pas grand."),
        ("This car is not white.", "Cette voiture n'est pas blanche."),
        ("I see a pretty flower.", "Je vois une jolie fleur."),
        ("I see a red book.", "Je vois un livre rouge."),
        ("We have two small birds.", "Nous avons deux petits oiseaux."),
        ("Is the apple clean?", "Est-ce que la pomme est propre ?"),
        ("Your evening was long.", "Ta soirée était longue."),
    ],
)
def test_french_agrees_elides_and_orders_its_words(english, french):
    assert dict(grammar())[english] == french


def test_no_english_sentence_is_both_trained_on_and_held_out():
    train, held_out = (dict(sentence_pairs(split)) for split in ("train", "held_out"))
    assert not train.keys() & held_out.keys()
    assert train["How was your day?"] == "Comment s'est passée ta journée ?"
    assert set(PHRASES) <= set(train.items())
    assert 0.15 < len(held_out) / (len(train) + len(held_out)) < 0.25


def test_every_sentence_has_one_translation():
    english = [one for one, _ in grammar()]
    assert len(english) == len(set(english)) > 1000
