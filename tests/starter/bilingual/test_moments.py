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
It is a quarter to ten. | Il est dix heures moins le quart.
It is almost eight o'clock. | Il est presque huit heures.
It is almost eleven. | Il est presque onze heures.
It is almost quarter to one. | Il est presque une heure moins le quart.
It is already five o'clock. | Il est déjà cinq heures.
It is already noon. | Il est déjà midi.
It is already quarter to seven. | Il est déjà sept heures moins le quart.
It is already ten. | Il est déjà dix heures.
It is already twelve o'clock. | Il est déjà douze heures.
It is already two o'clock. | Il est déjà deux heures.
It is noon. | Il est midi.
It is quarter past three. | Il est trois heures et quart.
It is quarter to seven. | Il est sept heures moins le quart.
It is quarter to two. | Il est deux heures moins le quart.
It is ten o'clock. | Il est dix heures.
It is three. | Il est trois heures.
It is twelve o'clock. | Il est douze heures.
It's almost midnight. | Il est presque minuit.
It's almost one o'clock. | Il est presque une heure.
It's almost ten o'clock. | Il est presque dix heures.
It's already eleven o'clock. | Il est déjà onze heures.
It's already ten o'clock. | Il est déjà dix heures.
It's eight. | Il est huit heures.
It's five o'clock. | Il est cinq heures.
It's four o'clock. | Il est quatre heures.
It's ten. | Il est dix heures.
"""
DAY = """
I am free on Friday. | Je suis libre vendredi.
I am free on Tuesday. | Je suis libre mardi.
I do not work on Sundays. | Je ne travaille pas le dimanche.
I do not work on Thursdays. | Je ne travaille pas le jeudi.
I do not work on Wednesdays. | Je ne travaille pas le mercredi.
I'm free on Saturday. | Je suis libre samedi.
Is it Friday today? | Est-ce que c'est vendredi aujourd'hui ?
Is it Sunday today? | Est-ce que c'est dimanche aujourd'hui ?
Is today Wednesday? | Est-ce qu'aujourd'hui c'est mercredi ?
It is Friday today. | C'est vendredi aujourd'hui.
It is Monday. | C'est lundi.
It is Saturday. | C'est samedi.
It is Sunday today. | C'est dimanche aujourd'hui.
It is cold in December. | Il fait froid en décembre.
It's Friday. | C'est vendredi.
It's cold in July. | Il fait froid en juillet.
My birthday is in May. | Mon anniversaire est en mai.
The meeting is on Friday. | La réunion est vendredi.
Today is Friday. | Aujourd'hui, c'est vendredi.
Today is Sunday. | Aujourd'hui, c'est dimanche.
Tomorrow is Friday. | Demain, c'est vendredi.
Tomorrow is Saturday. | Demain, c'est samedi.
Tomorrow is Sunday. | Demain, c'est dimanche.
Tomorrow is Tuesday. | Demain, c'est mardi.
Yesterday was Monday. | Hier, c'était lundi.
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
