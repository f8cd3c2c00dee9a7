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
Does the bus arrive at ten o'clock? | Est-ce que le bus arrive à dix heures ?
What time do the taxis arrive? | À quelle heure est-ce que les taxis arrivent ?
What time does the boat arrive? | À quelle heure est-ce que le bateau arrive ?
What time does the bus leave? | À quelle heure est-ce que le bus part ?
What time does the film finish? | À quelle heure est-ce que le film finit ?
What time does the film start? | À quelle heure est-ce que le film commence ?
What time does the game finish? | À quelle heure est-ce que le match finit ?
What time does the match start? | À quelle heure est-ce que le match commence ?
What time does the meeting start? | À quelle heure est-ce que la réunion commence ?
What time does the university open? | À quelle heure est-ce que l'université ouvre ?
When do the photos finish? | Quand est-ce que les photos finissent ?
When does that boat arrive? | Quand est-ce que ce bateau arrive ?
When does the bus arrive? | Quand est-ce que le bus arrive ?
When does the class start? | Quand est-ce que le cours commence ?
When does the day finish? | Quand est-ce que la journée finit ?
When does the day start? | Quand est-ce que la journée commence ?
When does the evening start? | Quand est-ce que la soirée commence ?
When does the exam finish? | Quand est-ce que l'examen finit ?
When does the game finish? | Quand est-ce que le match finit ?
When does the journey finish? | Quand est-ce que le voyage finit ?
When does the lesson begin? | Quand est-ce que la leçon commence ?
When does the lunch begin? | Quand est-ce que le déjeuner commence ?
When does the match finish? | Quand est-ce que le match finit ?
When does the photo finish? | Quand est-ce que la photo finit ?
When does the swimming pool close? | Quand est-ce que la piscine ferme ?
When does this game start? | Quand est-ce que ce match commence ?
"""
THERE_IS = """
Are there many men? | Est-ce qu'il y a beaucoup d'hommes ?
Is there a cow? | Est-ce qu'il y a une vache ?
Is there a sheep? | Est-ce qu'il y a un mouton ?
Is there a square? | Est-ce qu'il y a une place ?
Is there a taxi? | Est-ce qu'il y a un taxi ?
Is there apple juice? | Est-ce qu'il y a du jus de pomme ?
Is there honey in Spain? | Est-ce qu'il y a du miel en Espagne ?
There are many nurses on your left. | Il y a beaucoup d'infirmières à ta gauche.
There are nine potatoes. | Il y a neuf pommes de terre.
There are not eight nurses in the centre. | Il n'y a pas huit infirmières au centre.
There is a man. | Il y a un homme.
There is a notebook. | Il y a un cahier.
There is a passport. | Il y a un passeport.
There is an apple. | Il y a une pomme.
There is juice. | Il y a du jus.
There is no more ice cream. | Il n'y a plus de glace.
There is no river in Geneva. | Il n'y a pas de rivière à Genève.
There is some butter. | Il y a du beurre.
There is wine. | Il y a du vin.
There's a hotel. | Il y a un hôtel.
There's a pear. | Il y a une poire.
There's a pharmacy. | Il y a une pharmacie.
There's a rabbit. | Il y a un lapin.
There's a river. | Il y a une rivière.
There's meat. | Il y a de la viande.
There's some cheese. | Il y a du fromage.
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
