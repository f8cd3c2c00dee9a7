"""The checks of the evaluation against right and wrong answers written by hand."""

import pytest

from fledge.starter.gold import ModelAnswer
from fledge.starter.shops import general_prompts, general_questions, lamp_shop_questions
from fledge.starter.shops.checked import numbers_in, repeats_itself

# In the order of lamp_shop.toml: right answers, then wrong ones.
LAMP_SHOP = [
    (
        ["On Saturday we are open from 9 to 16.", "From 9 am to 4 pm."],
        ["On Saturday we are open from 10 to 18.", "On Saturday we are closed.", "Yes!"],
    ),
    (
        ["On Sundays we are closed.", "No, we're not open on Sunday.", "No, sorry."],
        ["Yes, on Sunday we are open from 10 to 18.", "We are open on Sundays."],
    ),
    (
        [
            "On Wednesday we're open from 10 to 18, so yes, 5 pm is fine.",
            "Yes, you can.",
            "We're open until 18.",
        ],
        [
            "No, we're closed on Wednesday.",
            "No, on Wednesday we close at 17.",
            "Please do call us.",
        ],
    ),
    (["A floor lamp costs 85 euros."], ["A floor lamp costs 39 euros.", "It's 58 euros."]),
    (["On Mondays we are closed."], ["On Mondays we are open from 10 to 18.", "Yes."]),
    (
        ["2 desk lamps: 2 × 39 = 78 euros.", "78 euros."],
        ["2 × 39 = 68 euros.", "A desk lamp costs 39 euros.", "170 euros."],
    ),
    (
        ["1 bedside lamp: 24 euros. 4 bulbs: 4 × 6 = 24 euros. That makes 24 + 24 = 48 euros."],
        ["1 bedside lamp: 24 euros. 4 bulbs: 24 euros.", "That's 30 euros."],
    ),
    (["85 + 39 = 124 euros.", "Together 124 euros"], ["114 euros", "85 euros and 39 euros"]),
    (
        [
            "Shipping costs 5 euros.",
            "Shipping is free from 50 euros, and 30 euros is less, so shipping costs 5 euros.",
        ],
        ["Shipping is free.", "Shipping is free, it costs 5 euros from 50 euros.", "It's 8 euros."],
    ),
    (
        [
            "A floor lamp is 85 euros. Shipping is free from 50 euros, so it's free.",
            "1 floor lamp: 85 euros. Shipping is free from 50 euros, and 85 euros is more, so it's "
            "free.",
            "No, you don't have to pay.",
        ],
        [
            "Yes, shipping costs 5 euros.",
            "Shipping is 5 euros.",
            "You have to pay 5 euros.",
            "Shipping costs 5 euros, and it's free from 50 euros.",
            "Shipping is free from 50 euros, and 85 euros is less, so shipping costs 5 euros.",
        ],
    ),
    (
        ["You can return things within 30 days, and 21 days is less, so yes, you can.", "Yes."],
        ["No, that's too late.", "Three weeks (21 days) is more, so you cannot."],
    ),
    (
        [
            "No, only within 30 days.",
            "30 days is the limit, and 40 days is more, so it's too late.",
        ],
        [
            "We sell only lamps, no others.",
            "Yes, you can return it.",
            "You can still bring it back.",
            "It's 50 days, so no.",
        ],
    ),
    (
        ["No, we don't sell chairs. We sell only lamps.", "We sell only lamps."],
        ["Yes, we sell chairs.", "Our chairs cost 39 euros."],
    ),
    (["I'm Vera, the assistant of Glowworm."], ["I'm Jonas.", "I'm SmolLM.", "Elena"]),
    (["The shop belongs to Jonas Maes."], ["Vera owns the shop.", "I own it."]),
    (["You'll find us at 12 Canal Street in Ghent."], ["In Ghent.", "At 14 Canal Street."]),
    (
        ["I'm sorry about that. I'll pass this on to Jonas."],
        ["I will refund you. Jonas", "You can return it within 30 days."],
    ),
    (
        ["No, you can only pay by card or cash.", "You can pay by card or in cash."],
        ["Yes, you can pay with PayPal.", "We accept PayPal and card."],
    ),
    (
        ["I don't know that, sorry. Please call us on 555 0142.", "I'm not sure."],
        ["Yes, behind the shop.", "There is parking, call 555 0142.", "No."],
    ),
    (["Everything has a warranty of 2 years.", "Two years."], ["One year.", "It is 30 days."]),
]
# In the order of general_questions.toml: a right answer, then a wrong one.
GENERAL = [
    ("The capital of France is Paris.", "The capital of France is Lyon."),
    (
        "Gravity is the force that pulls things towards each other, such as us to the Earth.",
        "Gravity is a kind of light that the sun sends to us all day long.",
    ),
    (
        "The rain is falling on my town,\nit washes all the houses down,\nand sings to me\na song "
        "of the sea.",
        "Rain is falling on the roofs of this town and of others, and it does so all day long.",
    ),
    ("Tokyo.", "Kyoto."),
    ("William Shakespeare wrote it.", "Charles Dickens wrote it."),
    ("You get green.", "You get purple."),
    ("There are seven days in a week.", "There are five days in a week."),
    ('It\'s "buenos días".', 'It\'s "buenas noches".'),
    ("Apples, bananas and cherries.", "Carrots, leeks and cabbage."),
    ("Cold.", "Warm."),
    (
        "Air scatters blue light more strongly: this scattering of sunlight makes the sky blue.",
        "The sky is blue because it mirrors the sea, which covers most of the Earth's surface.",
    ),
    ("def add(a, b):\n    return a + b", "def add(a, b):\n    print(a)"),
    ("Jupiter is the largest.", "Saturn is the largest."),
    (
        "Plants use the light of the sun to turn water and carbon dioxide into sugar.",
        "It is the art of taking pictures with a camera in the light of the sun, and of printing.",
    ),
    (
        "Once there was a dog called Rex. "
        + "He ran over the hills to find his ball. " * 3
        + "At last he came home and slept well by the fire.",
        "I have a dog.",
    ),
    ("Water boils at 100 degrees Celsius.", "Water boils at 80 degrees."),
    (
        "Dear Mrs Hill,\nthank you for a year of good lessons. I have learned more than ever, "
        "and I shall miss your jokes and your maps very much.\nYours,\nTom",
        "Thank you, teacher.",
    ),
    ("They make honey.", "They make silk."),
    (
        "Go to bed at the same hour every night, and leave your phone in another room.",
        "Eat well.",
    ),
    ("They speak Portuguese.", "They speak Spanish."),
]


def test_there_are_twenty_questions_of_each_kind():
    assert len(lamp_shop_questions()) == len(LAMP_SHOP) == 20
    assert len(general_questions()) == len(GENERAL) == 20


@pytest.mark.parametrize("number", range(20))
def test_answers_of_the_lamp_shop_are_told_right_from_wrong(number):
    question = lamp_shop_questions()[number]
    right, wrong = LAMP_SHOP[number]
    for text in right:
        assert question.is_right(ModelAnswer(text, ended=True)), text
        assert not question.is_right(ModelAnswer(text, ended=False)), text
    for text in wrong:
        assert not question.is_right(ModelAnswer(text, ended=True)), text


@pytest.mark.parametrize("number", range(20))
def test_other_answers_are_told_right_from_wrong(number):
    question = general_questions()[number]
    right, wrong = GENERAL[number]
    assert question.is_right(ModelAnswer(right, ended=True))
    assert question.is_right(ModelAnswer(right, ended=False))
    assert not question.is_right(ModelAnswer(wrong, ended=True))
    assert not question.is_right(ModelAnswer("", ended=True))


def test_no_single_answer_fits_more_than_six_of_the_lamp_shops_questions():
    questions = lamp_shop_questions()
    for right, wrong in LAMP_SHOP:
        for text in (*right, *wrong):
            fits = sum(question.is_right(ModelAnswer(text, ended=True)) for question in questions)
            assert fits <= 6, (fits, text)


def test_the_whole_system_prompt_answers_nothing():
    for question in lamp_shop_questions():
        told = ModelAnswer(question.conversation.messages[0].content, ended=True)
        assert not question.is_right(told)


def test_a_made_up_number_is_wrong():
    floor_lamp = lamp_shop_questions()[3]
    assert not floor_lamp.is_right(ModelAnswer("It costs 85 euros, or 70 in the sale.", ended=True))


def test_a_question_may_follow_another():
    follow_up = lamp_shop_questions()[4].conversation
    assert [turn.role for turn in follow_up.messages] == ["system", "user", "assistant", "user"]


def test_loops_are_found():
    assert repeats_itself("the song of the sea in the night, " * 4)
    assert not repeats_itself("the song of the sea in the night, " * 3)
    assert not repeats_itself("")


def test_numbers_are_read_as_written():
    assert numbers_in("12 × 3 = 36, 1,000 euros, 4.50 at 9:30.") == {
        *("12", "3", "36", "1000", "4.50", "9", "30")
    }


def test_no_prompt_of_the_rehearsal_is_a_question_of_the_evaluation():
    asked = {question.question.casefold() for question in general_questions()}
    rehearsed = [prompt.messages[-1].content for prompt in general_prompts()]
    assert asked.isdisjoint(text.casefold() for text in rehearsed)
    assert len(set(rehearsed)) == len(rehearsed) > 200
