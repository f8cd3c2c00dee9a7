"""Polite sentences around an answer, and where each of them fits."""

OPENINGS = ("Of course!", "Gladly.", "With pleasure.", "Happy to help.")
MORE = "Please ask if you need more."
OFFERS = (MORE, "I'm glad to help.")
FAREWELLS = ("Have a nice day!", "Thank you for asking.")
COURTESIES = (*OPENINGS, *OFFERS, *FAREWELLS)
CLOSINGS = (*OFFERS, *FAREWELLS)

ASKED_TO_ACT = ("Can you", "Could you", "Can we", "Can I", "May we", "Will you", "Would you")
"""Beginnings of questions that ask for a deed: "Of course!" answers them."""


def of_request(question: str) -> tuple[str, ...]:
    """Return the openings where somebody is asked to do something, and nothing for a question.

    Example: "Spell the word." and "Can you spell it?" are requests, "How is it spelled?" is not.
    """
    last = question.rstrip().rsplit(". ", 1)[-1]
    return OPENINGS if not last.endswith("?") or last.startswith(ASKED_TO_ACT) else ()


def of_service(question: str, answer: str) -> tuple[str, ...]:
    """Return what fits an answer to a customer: an offer of more help, and to a request a yes.

    Nobody says "Of course!" before a no or an apology, nor "I'm glad to help." after it.
    """
    if answer.startswith("No,") or "I'm sorry" in answer:
        return (MORE,)
    return (*of_request(question), *OFFERS)
