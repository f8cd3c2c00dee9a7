"""Sentences about orders and requests, read by people and found right."""

import pytest

from fledge.starter.bilingual import orders
from starter.bilingual.drawing import differing

ORDER = """
Begin, please. | Commence, s'il te plaît.
Begin. | Commence.
Dance, please. | Danse, s'il te plaît.
Do not answer. | Ne réponds pas.
Do not eat. | Ne mange pas.
Do not leave. | Ne pars pas.
Do not pay. | Ne paie pas.
Do not read. | Ne lis pas.
Do not speak with my mother. | Ne parle pas avec ma mère.
Do not talk to my neighbour. | Ne parle pas à mon voisin.
Do not think. | Ne réfléchis pas.
Finish, please. | Finis, s'il te plaît.
Go out, please. | Sors, s'il te plaît.
Have dinner. | Dîne.
Learn German. | Apprends l'allemand.
Learn mathematics. | Apprends les mathématiques.
Let's open this box. | Ouvrons cette boîte.
Let's sleep. | Dormons.
Open the bags. | Ouvre les sacs.
Play. | Joue.
Please eat. | Mange, s'il te plaît.
Run, please. | Cours, s'il te plaît.
Run. | Cours.
Sing, please. | Chante, s'il te plaît.
Talk with my mother. | Parle avec ma mère.
Walk, please. | Marche, s'il te plaît.
"""
REQUEST = """
Can you answer, please? | Est-ce que tu peux répondre, s'il te plaît ?
Can you arrive, please? | Est-ce que tu peux arriver, s'il te plaît ?
Can you arrive? | Est-ce que tu peux arriver ?
Can you close the window? | Est-ce que tu peux fermer la fenêtre ?
Can you cry? | Est-ce que tu peux pleurer ?
Can you dance, please? | Est-ce que tu peux danser, s'il te plaît ?
Can you get up, please? | Est-ce que tu peux te lever, s'il te plaît ?
Can you go out, please? | Est-ce que tu peux sortir, s'il te plaît ?
Can you leave, please? | Est-ce que tu peux partir, s'il te plaît ?
Can you leave? | Est-ce que tu peux partir ?
Can you open this bag? | Est-ce que tu peux ouvrir ce sac ?
Can you open this box, please? | Est-ce que tu peux ouvrir cette boîte, s'il te plaît ?
Can you pay, please? | Est-ce que tu peux payer, s'il te plaît ?
Can you read? | Est-ce que tu peux lire ?
Can you sleep, please? | Est-ce que tu peux dormir, s'il te plaît ?
Can you sleep? | Est-ce que tu peux dormir ?
Can you try the vegetables, please? | Est-ce que tu peux essayer les légumes, s'il te plaît ?
Could you come back? | Est-ce que tu peux revenir ?
Could you come home, please? | Est-ce que tu peux rentrer à la maison, s'il te plaît ?
Could you do the shopping, please? | Est-ce que tu peux faire les courses, s'il te plaît ?
Could you go shopping, please? | Est-ce que tu peux faire les courses, s'il te plaît ?
Could you leave? | Est-ce que tu peux partir ?
Could you listen to music, please? | Est-ce que tu peux écouter de la musique, s'il te plaît ?
Could you think, please? | Est-ce que tu peux réfléchir, s'il te plaît ?
Could you win, please? | Est-ce que tu peux gagner, s'il te plaît ?
Could you work, please? | Est-ce que tu peux travailler, s'il te plaît ?
"""


@pytest.mark.parametrize(
    ("kind", "table"),
    [
        (orders.order, ORDER),
        (orders.request, REQUEST),
    ],
)
def test_sentences_are_translated_as_they_were_read(kind, table):
    assert differing(kind, table) == []
