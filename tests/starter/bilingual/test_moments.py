"""Sentences about the weather, the hour and the day, read by people and found right."""

import pytest

from fledge.starter.bilingual import moments
from starter.bilingual.drawing import differing

WEATHER = """
Is it cold? | Est-ce qu'il fait froid ?
Is it hot? | Est-ce qu'il fait chaud ?
Is it really nice this evening? | Est-ce qu'il fait vraiment beau ce soir ?
Is it warm this afternoon? | Est-ce qu'il fait chaud cet après-midi ?
It is cloudy outside. | Il y a des nuages dehors.
It is cloudy. | Il y a des nuages.
It is cold. | Il fait froid.
It is cool. | Il fait frais.
It is dark in autumn. | Il fait nuit en automne.
It is foggy. | Il y a du brouillard.
It is going to be foggy tomorrow evening. | Il va y avoir du brouillard demain soir.
It is going to be windy tomorrow morning. | Il va y avoir du vent demain matin.
It is not bad. | Il ne fait pas mauvais.
It is not dark. | Il ne fait pas nuit.
It is sunny. | Il y a du soleil.
It is windy. | Il y a du vent.
It was hot yesterday morning. | Il faisait chaud hier matin.
It was not cold. | Il ne faisait pas froid.
It will be dark tomorrow morning. | Il va faire nuit demain matin.
It will be windy. | Il va y avoir du vent.
It's bad. | Il fait mauvais.
It's beautiful this morning. | Il fait beau ce matin.
It's going to be nice. | Il va faire beau.
Was it bad? | Est-ce qu'il faisait mauvais ?
Was it nice? | Est-ce qu'il faisait beau ?
Was it windy yesterday? | Est-ce qu'il y avait du vent hier ?
"""
FALLING = """
Did it rain two days ago? | Est-ce qu'il a plu il y a deux jours ?
Did it rain? | Est-ce qu'il a plu ?
Does it rain a lot here? | Est-ce qu'il pleut beaucoup ici ?
Is it going to rain next year? | Est-ce qu'il va pleuvoir l'année prochaine ?
Is it going to rain tomorrow evening? | Est-ce qu'il va pleuvoir demain soir ?
Is it going to rain tomorrow morning? | Est-ce qu'il va pleuvoir demain matin ?
Is it going to snow soon? | Est-ce qu'il va neiger bientôt ?
Is it raining this morning? | Est-ce qu'il pleut ce matin ?
Is it raining this week? | Est-ce qu'il pleut cette semaine ?
Is it raining today? | Est-ce qu'il pleut aujourd'hui ?
It did not snow last week. | Il n'a pas neigé la semaine dernière.
It did not snow yesterday. | Il n'a pas neigé hier.
It didn't snow. | Il n'a pas neigé.
It is not going to rain. | Il ne va pas pleuvoir.
It is not raining this evening. | Il ne pleut pas ce soir.
It is not snowing. | Il ne neige pas.
It is raining. | Il pleut.
It isn't going to snow. | Il ne va pas neiger.
It often rains in autumn. | Il pleut souvent en automne.
It often snows in winter. | Il neige souvent en hiver.
It rains a lot in summer. | Il pleut beaucoup en été.
It rains a lot. | Il pleut beaucoup.
It snowed. | Il a neigé.
It's snowing this morning. | Il neige ce matin.
Will it rain this evening? | Est-ce qu'il va pleuvoir ce soir ?
Will it snow? | Est-ce qu'il va neiger ?
"""
CLOCK = """
It is a quarter past twelve. | Il est douze heures et quart.
It is almost midnight. | Il est presque minuit.
It is almost quarter to ten. | Il est presque dix heures moins le quart.
It is almost six o'clock. | Il est presque six heures.
It is already 7 o'clock. | Il est déjà 7 heures.
It is already five past one. | Il est déjà une heure cinq.
It is already nine o'clock. | Il est déjà neuf heures.
It is already six. | Il est déjà six heures.
It is already ten. | Il est déjà dix heures.
It is already twenty past seven. | Il est déjà sept heures vingt.
It is five past eight. | Il est huit heures cinq.
It is five. | Il est cinq heures.
It is four o'clock. | Il est quatre heures.
It is half past three. | Il est trois heures et demie.
It is quarter to five. | Il est cinq heures moins le quart.
It is quarter to nine. | Il est neuf heures moins le quart.
It is ten o'clock. | Il est dix heures.
It is three. | Il est trois heures.
It is twenty to nine. | Il est neuf heures moins vingt.
It is two o'clock. | Il est deux heures.
It is two. | Il est deux heures.
It's almost five o'clock. | Il est presque cinq heures.
It's one o'clock. | Il est une heure.
It's six. | Il est six heures.
It's ten to three. | Il est trois heures moins dix.
It's twelve o'clock. | Il est douze heures.
"""
DAY = """
Are you free on Thursday? | Est-ce que tu es libre jeudi ?
Are you free on Tuesday? | Est-ce que tu es libre mardi ?
I am free on Friday. | Je suis libre vendredi.
I am free on Saturday. | Je suis libre samedi.
I am free on Sunday. | Je suis libre dimanche.
I don't work on Sundays. | Je ne travaille pas le dimanche.
Is it Saturday today? | Est-ce que c'est samedi aujourd'hui ?
It is Friday. | C'est vendredi.
It is Monday today. | C'est lundi aujourd'hui.
It is Saturday. | C'est samedi.
It is Sunday today. | C'est dimanche aujourd'hui.
It is cold in March. | Il fait froid en mars.
It is cold in November. | Il fait froid en novembre.
It's cold in May. | Il fait froid en mai.
It's cold in October. | Il fait froid en octobre.
My birthday is in July. | Mon anniversaire est en juillet.
My birthday is in March. | Mon anniversaire est en mars.
The markets are closed on Sundays. | Les marchés sont fermés le dimanche.
The markets are closed on Tuesdays. | Les marchés sont fermés le mardi.
The meeting is on Tuesday. | La réunion est mardi.
Today is Tuesday. | Aujourd'hui, c'est mardi.
Today is Wednesday. | Aujourd'hui, c'est mercredi.
Tomorrow is Friday. | Demain, c'est vendredi.
Tomorrow is Saturday. | Demain, c'est samedi.
Yesterday was Friday. | Hier, c'était vendredi.
Yesterday was Thursday. | Hier, c'était jeudi.
"""


@pytest.mark.parametrize(
    ("kind", "table"),
    [
        (moments.weather, WEATHER),
        (moments.falling, FALLING),
        (moments.clock, CLOCK),
        (moments.day, DAY),
    ],
)
def test_sentences_are_translated_as_they_were_read(kind, table):
    assert differing(kind, table) == []
