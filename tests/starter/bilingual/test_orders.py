"""Sentences about orders and requests, read by people and found right."""

import pytest

from fledge.starter.bilingual import orders
from starter.bilingual.drawing import differing

ORDER = """
Answer. | Réponds.
Begin, please. | Commence, s'il te plaît.
Begin. | Commence.
Clean the house. | Nettoie la maison.
Come back. | Reviens.
Dance, please. | Danse, s'il te plaît.
Dance. | Danse.
Do not come back, please. | Ne reviens pas, s'il te plaît.
Do not eat. | Ne mange pas.
Do not go shopping. | Ne fais pas les courses.
Do not learn English, please. | N'apprends pas l'anglais, s'il te plaît.
Do not leave, please. | Ne pars pas, s'il te plaît.
Do not leave. | Ne pars pas.
Do not sleep. | Ne dors pas.
Do not study. | N'étudie pas.
Do not work in a hospital. | Ne travaille pas dans un hôpital.
Have lunch. | Déjeune.
Open the bags. | Ouvre les sacs.
Play with the children. | Joue avec les enfants.
Play. | Joue.
Please sleep. | Dors, s'il te plaît.
Speak German. | Parle allemand.
Stay at the bathroom. | Reste à la salle de bains.
Talk with my mother. | Parle avec ma mère.
Win, please. | Gagne, s'il te plaît.
Work in Geneva, please. | Travaille à Genève, s'il te plaît.
"""
REQUEST = """
Can you arrive? | Est-ce que tu peux arriver ?
Can you close the window? | Est-ce que tu peux fermer la fenêtre ?
Can you cook, please? | Est-ce que tu peux cuisiner, s'il te plaît ?
Can you cry? | Est-ce que tu peux pleurer ?
Can you dance, please? | Est-ce que tu peux danser, s'il te plaît ?
Can you draw, please? | Est-ce que tu peux dessiner, s'il te plaît ?
Can you get on the boat, please? | Est-ce que tu peux prendre le bateau, s'il te plaît ?
Can you go home, please? | Est-ce que tu peux rentrer à la maison, s'il te plaît ?
Can you go out, please? | Est-ce que tu peux sortir, s'il te plaît ?
Can you go shopping? | Est-ce que tu peux faire les courses ?
Can you leave, please? | Est-ce que tu peux partir, s'il te plaît ?
Can you live in China, please? | Est-ce que tu peux habiter en Chine, s'il te plaît ?
Can you make breakfast, please? | Est-ce que tu peux faire le petit déjeuner, s'il te plaît ?
Can you open this bag? | Est-ce que tu peux ouvrir ce sac ?
Can you open this box, please? | Est-ce que tu peux ouvrir cette boîte, s'il te plaît ?
Can you pay, please? | Est-ce que tu peux payer, s'il te plaît ?
Can you run? | Est-ce que tu peux courir ?
Can you sing? | Est-ce que tu peux chanter ?
Can you speak with my mother? | Est-ce que tu peux parler avec ma mère ?
Can you try the vegetables, please? | Est-ce que tu peux essayer les légumes, s'il te plaît ?
Can you understand, please? | Est-ce que tu peux comprendre, s'il te plaît ?
Could you cook, please? | Est-ce que tu peux cuisiner, s'il te plaît ?
Could you dance? | Est-ce que tu peux danser ?
Could you rest? | Est-ce que tu peux te reposer ?
Could you stop, please? | Est-ce que tu peux t'arrêter, s'il te plaît ?
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
