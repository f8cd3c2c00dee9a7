"""Sentences about places, read by people and found right."""

import pytest

from fledge.starter.bilingual import places
from starter.bilingual.drawing import differing

WHERE_IS = """
Where are we? | Où sommes-nous ?
Where is Camille? | Où est Camille ?
Where is Xqa? | Où est Xqa ?
Where is Xqe? | Où est Xqe ?
Where is my brother? | Où est mon frère ?
Where is my mum? | Où est ma maman ?
Where is my neighbour? | Où est mon voisin ?
Where is the bathroom? | Où est la salle de bains ?
Where is the beach? | Où est la plage ?
Where is the bus stop? | Où est l'arrêt de bus ?
Where is the car park? | Où est le parking ?
Where is the city? | Où est la ville ?
Where is the post office? | Où est la poste ?
Where is the shop? | Où est le magasin ?
Where is the stadium? | Où est le stade ?
Where is the street? | Où est la rue ?
Where is the town hall? | Où est la mairie ?
Where is the town? | Où est la ville ?
Where is the university? | Où est l'université ?
Where is the village? | Où est le village ?
Where is your boss? | Où est ton patron ?
Where's the shop? | Où est le magasin ?
Where's the supermarket? | Où est le supermarché ?
Where's the theatre? | Où est le théâtre ?
Where's the tie? | Où est la cravate ?
Where's the toilet? | Où sont les toilettes ?
"""
LOCATED = """
He is not far from here. | Il n'est pas loin d'ici.
I am at the bakery. | Je suis à la boulangerie.
I'm not here. | Je ne suis pas ici.
Is Aqx on your left? | Est-ce qu'Aqx est à ta gauche ?
Is Henry at the office? | Est-ce qu'Henry est au bureau ?
Is she behind the stadium? | Est-ce qu'elle est derrière le stade ?
Is the stadium in front of your flat? | Est-ce que le stade est devant ton appartement ?
My boss's spoon is in front of the plate. | La cuillère de mon patron est devant l'assiette.
My family is near the square. | Ma famille est près de la place.
My grandmother isn't on your left. | Ma grand-mère n'est pas à ta gauche.
My ring is not at the sea. | Ma bague n'est pas à la mer.
My son is next to the shop. | Mon fils est à côté du magasin.
Nicolas is not next to the stadium. | Nicolas n'est pas à côté du stade.
She is in the centre. | Elle est au centre.
She is not at the river. | Elle n'est pas à la rivière.
She's at home. | Elle est à la maison.
The bathroom is not in Lyon. | La salle de bains n'est pas à Lyon.
The bridge is not at the town hall. | Le pont n'est pas à la mairie.
The café is not in Geneva. | Le café n'est pas à Genève.
The car park is next to the window. | Le parking est à côté de la fenêtre.
The sea was here. | La mer était ici.
The stadium is not under the square. | Le stade n'est pas sous la place.
The xqo is near the city. | Le xqo est près de la ville.
Their cow is behind the shop. | Leur vache est derrière le magasin.
Xqa is in the street. | Xqa est dans la rue.
You are on the left. | Tu es à gauche.
"""
WAY = """
Can you tell me where the castle is? | Est-ce que tu peux me dire où est le château ?
Can you tell me where the pharmacy is? | Est-ce que tu peux me dire où est la pharmacie ?
Can you tell me where the station is? | Est-ce que tu peux me dire où est la gare ?
Do you know where the bank is? | Est-ce que tu sais où est la banque ?
Do you know where the castle is? | Est-ce que tu sais où est le château ?
Do you know where the park is? | Est-ce que tu sais où est le parc ?
How can I get to the park? | Comment est-ce que je peux aller au parc ?
How can I get to the university? | Comment est-ce que je peux aller à l'université ?
How do I get to the town? | Comment est-ce que je vais à la ville ?
How do we get to the office? | Comment est-ce que nous allons au bureau ?
How far is the pharmacy? | À quelle distance est la pharmacie ?
I want to go to the city centre. | Je veux aller au centre-ville.
I want to go to the entrance. | Je veux aller à l'entrée.
Is the café open? | Est-ce que le café est ouvert ?
Is the city centre open? | Est-ce que le centre-ville est ouvert ?
Is the lake open? | Est-ce que le lac est ouvert ?
Is the train station open? | Est-ce que la gare est ouverte ?
Is this the way to the hotel? | Est-ce que c'est le chemin pour aller à l'hôtel ?
Is this the way to the pharmacy? | Est-ce que c'est le chemin pour aller à la pharmacie ?
Is this the way to the school? | Est-ce que c'est le chemin pour aller à l'école ?
Is this the way to the town hall? | Est-ce que c'est le chemin pour aller à la mairie ?
Which bus goes to the airport? | Quel bus va à l'aéroport ?
Which bus goes to the bookshop? | Quel bus va à la librairie ?
Which bus goes to the park? | Quel bus va au parc ?
Which bus goes to the town hall? | Quel bus va à la mairie ?
Which bus goes to the village? | Quel bus va au village ?
"""
TURN = """
Go straight on after the bus stop. | Va tout droit après l'arrêt de bus.
Go straight on after the library. | Va tout droit après la bibliothèque.
Go straight on after the river. | Va tout droit après la rivière.
Go straight on at the city centre. | Va tout droit au centre-ville.
Go straight on at the school. | Va tout droit à l'école.
Take the first street on the left at the bank. | Prends la première rue à gauche à la banque.
Take the first street on the right at the café. | Prends la première rue à droite au café.
Take the first street on the right at the hotel. | Prends la première rue à droite à l'hôtel.
Take the first street on the right at the stadium. | Prends la première rue à droite au stade.
Take the second street on the right at the park. | Prends la deuxième rue à droite au parc.
Turn left after the library. | Tourne à gauche après la bibliothèque.
Turn left after the sea. | Tourne à gauche après la mer.
Turn left and then go straight on. | Tourne à gauche et puis va tout droit.
Turn left and then turn left. | Tourne à gauche et puis tourne à gauche.
Turn left at the bookshop. | Tourne à gauche à la librairie.
Turn left at the shop. | Tourne à gauche au magasin.
Turn left at the town hall. | Tourne à gauche à la mairie.
Turn left at the university. | Tourne à gauche à l'université.
Turn right after the bathroom. | Tourne à droite après la salle de bains.
Turn right after the office. | Tourne à droite après le bureau.
Turn right after the park. | Tourne à droite après le parc.
Turn right after the town. | Tourne à droite après la ville.
Turn right at the café. | Tourne à droite au café.
Turn right at the toilet. | Tourne à droite aux toilettes.
Turn right, please. | Tourne à droite, s'il te plaît.
Turn right. | Tourne à droite.
"""
HAPPENING = """
What time does the bridge open? | À quelle heure est-ce que le pont ouvre ?
What time does the entrance open? | À quelle heure est-ce que l'entrée ouvre ?
What time does the game finish? | À quelle heure est-ce que le match finit ?
What time does the photo start? | À quelle heure est-ce que la photo commence ?
What time does the plane arrive? | À quelle heure est-ce que l'avion arrive ?
What time does the programme finish? | À quelle heure est-ce que l'émission finit ?
What time does the taxi arrive? | À quelle heure est-ce que le taxi arrive ?
What time does the train arrive? | À quelle heure est-ce que le train arrive ?
What time does this game start? | À quelle heure est-ce que ce match commence ?
When does that exam begin? | Quand est-ce que cet examen commence ?
When does the birthday finish? | Quand est-ce que l'anniversaire finit ?
When does the bus arrive? | Quand est-ce que le bus arrive ?
When does the church open? | Quand est-ce que l'église ouvre ?
When does the day start? | Quand est-ce que la journée commence ?
When does the entrance open? | Quand est-ce que l'entrée ouvre ?
When does the exam begin? | Quand est-ce que l'examen commence ?
When does the exam finish? | Quand est-ce que l'examen finit ?
When does the film start? | Quand est-ce que le film commence ?
When does the match start? | Quand est-ce que le match commence ?
When does the stadium open? | Quand est-ce que le stade ouvre ?
When does the supermarket open? | Quand est-ce que le supermarché ouvre ?
When does the train leave? | Quand est-ce que le train part ?
When does the walk begin? | Quand est-ce que la promenade commence ?
When does the weekend finish? | Quand est-ce que le week-end finit ?
When does this class finish? | Quand est-ce que ce cours finit ?
When does this film finish? | Quand est-ce que ce film finit ?
"""
THERE_IS = """
Is there a bank? | Est-ce qu'il y a une banque ?
Is there a bathroom? | Est-ce qu'il y a une salle de bains ?
Is there a car park? | Est-ce qu'il y a un parking ?
Is there a girl? | Est-ce qu'il y a une fille ?
Is there a plane? | Est-ce qu'il y a un avion ?
Is there a potato? | Est-ce qu'il y a une pomme de terre ?
Is there a sea? | Est-ce qu'il y a une mer ?
Is there a train? | Est-ce qu'il y a un train ?
Is there some apple juice? | Est-ce qu'il y a du jus de pomme ?
There are eight nurses. | Il y a huit infirmières.
There are four taxis. | Il y a quatre taxis.
There are some birds. | Il y a des oiseaux.
There is a bookshop. | Il y a une librairie.
There is a car park. | Il y a un parking.
There is a dictionary at home. | Il y a un dictionnaire à la maison.
There is a market. | Il y a un marché.
There is a passport. | Il y a un passeport.
There is a plane. | Il y a un avion.
There is a rabbit. | Il y a un lapin.
There is chocolate. | Il y a du chocolat.
There is no more ice cream. | Il n'y a plus de glace.
There's a bike. | Il y a un vélo.
There's a teacher. | Il y a un professeur.
There's no juice. | Il n'y a pas de jus.
There's no plane. | Il n'y a pas d'avion.
There's some tea. | Il y a du thé.
"""
FROM_WHERE = """
Am I from France? | Est-ce que je viens de France ?
Are we from France? | Est-ce que nous venons de France ?
Are you from France? | Est-ce que tu viens de France ?
Are you from Italy? | Est-ce que tu viens d'Italie ?
Are you from the United States? | Est-ce que tu viens des États-Unis ?
He is from Switzerland. | Il vient de Suisse.
I am from Canada. | Je viens du Canada.
I come from Italy. | Je viens d'Italie.
I come from Spain. | Je viens d'Espagne.
I do not come from France. | Je ne viens pas de France.
Is he from Portugal? | Est-ce qu'il vient du Portugal ?
She is from Canada. | Elle vient du Canada.
She is from Germany. | Elle vient d'Allemagne.
We are from Italy. | Nous venons d'Italie.
We are from Switzerland. | Nous venons de Suisse.
We are from the United States. | Nous venons des États-Unis.
We are not from England. | Nous ne venons pas d'Angleterre.
We come from Canada. | Nous venons du Canada.
We're from England. | Nous venons d'Angleterre.
You are from Canada. | Tu viens du Canada.
You are from Paris. | Tu viens de Paris.
You are from Portugal. | Tu viens du Portugal.
You are not from Canada. | Tu ne viens pas du Canada.
You are not from Paris. | Tu ne viens pas de Paris.
You are not from Spain. | Tu ne viens pas d'Espagne.
You come from Portugal. | Tu viens du Portugal.
"""


@pytest.mark.parametrize(
    ("kind", "table"),
    [
        (places.where_is, WHERE_IS),
        (places.located, LOCATED),
        (places.way, WAY),
        (places.turn, TURN),
        (places.happening, HAPPENING),
        (places.there_is, THERE_IS),
        (places.from_where, FROM_WHERE),
    ],
)
def test_sentences_are_translated_as_they_were_read(kind, table):
    assert differing(kind, table) == []
