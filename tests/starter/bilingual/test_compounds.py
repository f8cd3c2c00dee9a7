"""Sentences about two statements joined, believed or greeted, read by people and found right."""

import pytest

from fledge.starter.bilingual import compounds
from starter.bilingual.drawing import differing

LINKED = """
He has read, but he's ready. | Il a lu, mais il est prêt.
He is hungry and I do not come home. | Il a faim et je ne rentre pas à la maison.
He is tired because my family is warm. | Il est fatigué parce que ma famille a chaud.
He is too nervous, so I am very alone. | Il est trop nerveux, donc je suis très seul.
He wakes up and my girlfriend is surprised. | Il se réveille et ma petite amie est surprise.
He's alone because you can begin. | Il est seul parce que tu peux commencer.
I am glad when she is sorry. | Je suis content quand elle est désolée.
I am very surprised and we study. | Je suis très surpris et nous étudions.
If I'm lost, he can wear your dress. | Si je suis perdu, il peut porter ta robe.
If I'm not right, she's a little ill. | Si je n'ai pas raison, elle est un peu malade.
If Xqe is wrong, they're hot. | Si Xqe a tort, ils ont chaud.
If he is afraid, they are stopping. | S'il a peur, ils s'arrêtent.
If her children are lost, Xqo is not busy. | Si ses enfants sont perdus, Xqo n'est pas occupé.
If they begin, I have walked. | S'ils commencent, j'ai marché.
She is surprised, but my son is not sad. | Elle est surprise, mais mon fils n'est pas triste.
She is wrong, so she is not busy. | Elle a tort, donc elle n'est pas occupée.
The lady is bored when I break the xqo. | La dame est ennuyée quand je casse le xqo.
The student is warm, but my family begins. | L'étudiant a chaud, mais ma famille commence.
They are not wrong because I am not afraid. | Ils n'ont pas tort parce que je n'ai pas peur.
They are so ready because they paid. | Ils sont si prêts parce qu'ils ont payé.
They're ill, so he does the dishes. | Ils sont malades, donc il fait la vaisselle.
We are hungry, but she is not nervous. | Nous avons faim, mais elle n'est pas nerveuse.
We carry this room and you're married. | Nous portons cette chambre et tu es marié.
We leave when we are tired. | Nous partons quand nous sommes fatigués.
We're sorry, so we get up. | Nous sommes désolés, donc nous nous levons.
You are sleepy because they are not nervous. | Tu as sommeil parce qu'ils ne sont pas nerveux.
"""
BELIEVED = """
He says Oqx sees some films. | Il dit qu'Oqx voit des films.
He says her aunt is hot. | Il dit que sa tante a chaud.
He says she wakes up. | Il dit qu'elle se réveille.
He says that they're working. | Il dit qu'ils travaillent.
He says that your sisters are thirsty. | Il dit que tes sœurs ont soif.
I believe she's busy. | Je crois qu'elle est occupée.
I believe that she finishes. | Je crois qu'elle finit.
I believe that she opens the books. | Je crois qu'elle ouvre les livres.
I hope I am lost. | J'espère que je suis perdu.
I hope that he is using some dictionaries. | J'espère qu'il utilise des dictionnaires.
I hope that our brother looks for this station. | J'espère que notre frère cherche cette gare.
I hope they lose some T-shirts. | J'espère qu'ils perdent des t-shirts.
I know my colleague is married. | Je sais que mon collègue est marié.
I know that Henry comes back. | Je sais qu'Henry revient.
I know that their grandfather is not warm. | Je sais que leur grand-père n'a pas chaud.
I think Xqa drinks some milk. | Je pense que Xqa boit du lait.
I think she does not prepare a carrot. | Je pense qu'elle ne prépare pas de carotte.
I think that Julie is going to find ten dresses. | Je pense que Julie va trouver dix robes.
I think that he is right. | Je pense qu'il a raison.
I think that she is not getting up. | Je pense qu'elle ne se lève pas.
I think that she's angry. | Je pense qu'elle est fâchée.
I think that we are not lost. | Je pense que nous ne sommes pas perdus.
I think they are not surprised. | Je pense qu'ils ne sont pas surpris.
She thinks that we wear a skirt. | Elle pense que nous portons une jupe.
She thinks that you are thirsty. | Elle pense que tu as soif.
She thinks you are afraid. | Elle pense que tu as peur.
"""
OPENED = """
Good evening, you write some messages. | Bonsoir, tu écris des messages.
Good morning, I'm sleepy. | Bonjour, j'ai sommeil.
Good morning, Xqo made this banana. | Bonjour, Xqo a fait cette banane.
Hello, I have understood the lesson. | Bonjour, j'ai compris la leçon.
Hello, his baby and my aunt are thirsty. | Bonjour, son bébé et ma tante ont soif.
Hello, you left. | Bonjour, tu es parti.
Hey, his boss is hot. | Hé, son patron a chaud.
Hey, his neighbour doesn't walk. | Hé, son voisin ne marche pas.
Hi, Kate looks for their grandmother. | Salut, Kate cherche leur grand-mère.
Hi, we're too worried. | Salut, nous sommes trop inquiets.
I am sorry, you do not think. | Je suis désolé, tu ne réfléchis pas.
No, her husband understands these texts. | Non, son mari comprend ces textes.
No, she's warm. | Non, elle a chaud.
No, the doctor is going to do the shopping. | Non, le médecin va faire les courses.
No, we hear your dad. | Non, nous entendons ton papa.
No, we showed a beautiful ticket. | Non, nous avons montré un beau billet.
Ok, I am so busy. | D'accord, je suis si occupé.
Ok, my uncle will study. | D'accord, mon oncle va étudier.
Ok, she does not learn music. | D'accord, elle n'apprend pas la musique.
Sorry, we aren't hungry. | Désolé, nous n'avons pas faim.
Thank you, I do not talk to my child. | Merci, je ne parle pas à mon enfant.
Thank you, I'm not bored. | Merci, je ne suis pas ennuyé.
Thank you, we can go home. | Merci, nous pouvons rentrer à la maison.
Thanks, the student helps a child. | Merci, l'étudiant aide un enfant.
Well, I am surprised. | Bon, je suis surpris.
Well, her brother sends my story. | Bon, son frère envoie mon histoire.
"""
ADDRESSED = """
Excuse me, what's your surname? | Excusez-moi, quel est ton nom de famille ?
Good evening, how do you get to the shop? | Bonsoir, comment est-ce que tu vas au magasin ?
Good evening, what is her name? | Bonsoir, comment s'appelle-t-elle ?
Hello, a beer, please. | Bonjour, une bière, s'il vous plaît.
Hey, I'd like two pieces of pork. | Hé, je voudrais deux morceaux de porc.
Hey, there are planes here. | Hé, il y a des avions ici.
Hey, where is his neighbour? | Hé, où est son voisin ?
Hi, I do not know where the bus stop is. | Salut, je ne sais pas où est l'arrêt de bus.
Hi, there are five eggs at the airport. | Salut, il y a cinq œufs à l'aéroport.
I am sorry, this present is for Kate. | Je suis désolé, ce cadeau est pour Kate.
I am sorry, what's his favourite day? | Je suis désolé, quel est son jour préféré ?
I am sorry, what's your surname? | Je suis désolé, quel est ton nom de famille ?
No, I am Camille. | Non, je suis Camille.
No, are you Lisa? | Non, est-ce que tu es Lisa ?
No, can you sleep, please? | Non, est-ce que tu peux dormir, s'il te plaît ?
No, how do you get to the airport? | Non, comment est-ce que tu vas à l'aéroport ?
No, is your name Carla? | Non, est-ce que tu t'appelles Carla ?
No, what colour are these oranges? | Non, de quelle couleur sont ces oranges ?
No, what is her name? | Non, comment s'appelle-t-elle ?
No, where's Oqx? | Non, où est Oqx ?
Of course, does this bus go to the stadium? | Bien sûr, est-ce que ce bus va au stade ?
Ok, what is your favourite teacher? | D'accord, quel est ton professeur préféré ?
Sorry, what's her favourite sport? | Désolé, quel est son sport préféré ?
Thank you, what is her favourite animal? | Merci, quel est son animal préféré ?
Thanks, five glasses of water, please. | Merci, cinq verres d'eau, s'il vous plaît.
Yes, how do you get to the square? | Oui, comment est-ce que tu vas à la place ?
"""


@pytest.mark.parametrize(
    ("kind", "table"),
    [
        (compounds.linked, LINKED),
        (compounds.believed, BELIEVED),
        (compounds.opened, OPENED),
        (compounds.addressed, ADDRESSED),
    ],
)
def test_sentences_are_translated_as_they_were_read(kind, table):
    assert differing(kind, table) == []
