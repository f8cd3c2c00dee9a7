"""Sentences about two statements joined, believed or greeted, read by people and found right."""

import pytest

from fledge.starter.bilingual import compounds
from starter.bilingual.drawing import differing

LINKED = """
Diana starts because she is not angry. | Diana commence parce qu'elle n'est pas fâchée.
Emma takes that apple because you're crying. | Emma prend cette pomme parce que tu pleures.
He is swimming, but their cousin is afraid. | Il nage, mais leur cousin a peur.
He is tired because my family is warm. | Il est fatigué parce que ma famille a chaud.
He wakes up and my girlfriend is surprised. | Il se réveille et ma petite amie est surprise.
I am not warm, but we are alone. | Je n'ai pas chaud, mais nous sommes seuls.
I am right because she is sad. | J'ai raison parce qu'elle est triste.
I am warm and I am ill. | J'ai chaud et je suis malade.
I answer, but he is going to Eqx. | Je réponds, mais il va à Eqx.
I'll cook and she doesn't walk. | Je vais cuisiner et elle ne marche pas.
If I am hot, Eqx does not learn music. | Si j'ai chaud, Eqx n'apprend pas la musique.
If I'm not right, she's a little ill. | Si je n'ai pas raison, elle est un peu malade.
If Julia goes to bed, I am hot. | Si Julia se couche, j'ai chaud.
If she is worried, your boss is hungry. | Si elle est inquiète, ton patron a faim.
If the doctor is hungry, he wins matches. | Si le médecin a faim, il gagne des matchs.
If your family is worried, she is ill. | Si ta famille est inquiète, elle est malade.
Oqx does not have two T-shirts and Oqx smokes. | Oqx n'a pas deux t-shirts et Oqx fume.
Sara goes home when my mother is coming back. | Sara rentre à la maison quand ma mère revient.
She is sad because he is thirsty. | Elle est triste parce qu'il a soif.
She's answering when I'm staying in Xqo. | Elle répond quand je reste à Xqo.
She's right, so the lady visits Brussels. | Elle a raison, donc la dame visite Bruxelles.
The girl is visiting Geneva, but he is warm. | La fille visite Genève, mais il a chaud.
The lady is bored when I break the xqo. | La dame est ennuyée quand je casse le xqo.
They are wrong, so I am not worried. | Ils ont tort, donc je ne suis pas inquiet.
We carry this room and you're married. | Nous portons cette chambre et tu es marié.
You are not hot because I come back. | Tu n'as pas chaud parce que je reviens.
"""
BELIEVED = """
He says that I am not sleepy. | Il dit que je n'ai pas sommeil.
He says that my brother looked for this dress. | Il dit que mon frère a cherché cette robe.
He says that your sisters are thirsty. | Il dit que tes sœurs ont soif.
I believe she is very nervous. | Je crois qu'elle est très nerveuse.
I believe that I am so busy. | Je crois que je suis si occupé.
I believe that her daughter is not cold. | Je crois que sa fille n'a pas froid.
I believe that she is not busy. | Je crois qu'elle n'est pas occupée.
I believe that they do not watch TV. | Je crois qu'ils ne regardent pas la télé.
I hope she understands. | J'espère qu'elle comprend.
I hope that I must open the bag. | J'espère que je dois ouvrir le sac.
I hope that he is going to go to the dentist. | J'espère qu'il va aller chez le dentiste.
I hope you cut jam. | J'espère que tu coupes de la confiture.
I hope you understand. | J'espère que tu comprends.
I know I'm cold. | Je sais que j'ai froid.
I know my colleague is married. | Je sais que mon collègue est marié.
I know that the doctor must help their husband. | Je sais que le médecin doit aider leur mari.
I know you heard the music. | Je sais que tu as entendu la musique.
I think Xqa drinks some milk. | Je pense que Xqa boit du lait.
I think that she is not getting up. | Je pense qu'elle ne se lève pas.
I think that we are not lost. | Je pense que nous ne sommes pas perdus.
She thinks she is not wrong. | Elle pense qu'elle n'a pas tort.
She thinks that I sleep. | Elle pense que je dors.
She thinks that he's alone. | Elle pense qu'il est seul.
She thinks that my colleague is late. | Elle pense que mon collègue est en retard.
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
Good evening, how do I get to the entrance? | Bonsoir, comment est-ce que je vais à l'entrée ?
Good morning, where is your dad? | Bonjour, où est ton papa ?
Hello, I'd like the rice, please. | Bonjour, je voudrais le riz, s'il vous plaît.
Hello, how much are these coats? | Bonjour, combien coûtent ces manteaux ?
Hello, that is seventeen euros. | Bonjour, ça fait dix-sept euros.
Hey, can you wear a skirt, please? | Hé, est-ce que tu peux porter une jupe, s'il te plaît ?
Hey, do you have this biscuit in blue? | Hé, est-ce que vous avez ce biscuit en bleu ?
Hey, how do you get to the theatre? | Hé, comment est-ce que tu vas au théâtre ?
Hey, where's their glove? | Hé, où est leur gant ?
Hi, could you get up, please? | Salut, est-ce que tu peux te lever, s'il te plaît ?
Hi, where's his girlfriend's cousin? | Salut, où est le cousin de sa petite amie ?
I am sorry, how much do these lamps cost? | Je suis désolé, combien coûtent ces lampes ?
I am sorry, where are the rings? | Je suis désolé, où sont les bagues ?
I am sorry, where are you? | Je suis désolé, où es-tu ?
No, how do we get to the bookshop? | Non, comment est-ce que nous allons à la librairie ?
Ok, would you like coffee? | D'accord, est-ce que tu voudrais du café ?
Sorry, how much is that scarf? | Désolé, combien coûte cette écharpe ?
Thanks, can you read an email? | Merci, est-ce que tu peux lire un e-mail ?
Thanks, could you play with the children? | Merci, est-ce que tu peux jouer avec les enfants ?
Thanks, where is the bad sheep? | Merci, où est le mauvais mouton ?
Well, where's the café? | Bon, où est le café ?
Yes, can you run, please? | Oui, est-ce que tu peux courir, s'il te plaît ?
Yes, how far is the farm? | Oui, à quelle distance est la ferme ?
Yes, how much are the chairs? | Oui, combien coûtent les chaises ?
Yes, where's Rosa? | Oui, où est Rosa ?
Yes, where's the beautiful cat? | Oui, où est le beau chat ?
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
