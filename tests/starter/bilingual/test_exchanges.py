"""Sentences about what people say to each other, read by people and found right."""

import pytest

from fledge.starter.bilingual import exchanges
from starter.bilingual.drawing import differing

CALLED = """
Are you Sara? | Est-ce que tu es Sara ?
Are you Xqe? | Est-ce que tu es Xqe ?
Do you know Xqe? | Est-ce que tu connais Xqe ?
Her name is George. | Elle s'appelle George.
Her name is Xqa. | Elle s'appelle Xqa.
His name is Sam. | Il s'appelle Sam.
I am Xqo. | Je suis Xqo.
I'm Xqe. | Je suis Xqe.
Is your name Sophie? | Est-ce que tu t'appelles Sophie ?
Is your name Xqo? | Est-ce que tu t'appelles Xqo ?
My name is Camille. | Je m'appelle Camille.
My name is George. | Je m'appelle George.
My name is Marie. | Je m'appelle Marie.
My name is Oqx. | Je m'appelle Oqx.
This is Jack. | C'est Jack.
This is my friend Xqa. | C'est mon ami Xqa.
This present is for Aqx. | Ce cadeau est pour Aqx.
This present is for Bella. | Ce cadeau est pour Bella.
This present is for Laura. | Ce cadeau est pour Laura.
This present is for Louis. | Ce cadeau est pour Louis.
This present is for Luc. | Ce cadeau est pour Luc.
This present is for Xqo. | Ce cadeau est pour Xqo.
What's her name? | Comment s'appelle-t-elle ?
Where does Nicolas live? | Où habite Nicolas ?
Where does Nina live? | Où habite Nina ?
Where does Xqa live? | Où habite Xqa ?
"""
PRICE = """
Do you have the shirts in black? | Est-ce que vous avez les chemises en noir ?
Do you have the xqo in grey? | Est-ce que vous avez le xqo en gris ?
Do you have this dessert in blue? | Est-ce que vous avez ce dessert en bleu ?
How much are the cakes? | Combien coûtent les gâteaux ?
How much are these flats? | Combien coûtent ces appartements ?
How much are these oranges? | Combien coûtent ces oranges ?
How much are those socks? | Combien coûtent ces chaussettes ?
How much does the book cost? | Combien coûte le livre ?
How much does the egg cost? | Combien coûte l'œuf ?
How much does the jacket cost? | Combien coûte la veste ?
How much does this xqo cost? | Combien coûte ce xqo ?
How much is that dress? | Combien coûte cette robe ?
How much is the hat? | Combien coûte le chapeau ?
How much is the sock? | Combien coûte la chaussette ?
How much is this coat? | Combien coûte ce manteau ?
How much is this tomato? | Combien coûte cette tomate ?
That is a hundred euros. | Ça fait cent euros.
That is eighteen euros. | Ça fait dix-huit euros.
That is fifty euros. | Ça fait cinquante euros.
That is five euros. | Ça fait cinq euros.
That's eleven euros. | Ça fait onze euros.
That's fifty-eight euros. | Ça fait cinquante-huit euros.
That's thirty euros. | Ça fait trente euros.
What colour are the spoons? | De quelle couleur sont les cuillères ?
What colour is the egg? | De quelle couleur est l'œuf ?
What colour is this carrot? | De quelle couleur est cette carotte ?
"""
THANKING = """
Thank you for coming! | Merci d'être venu !
Thank you for dinner! | Merci pour le dîner !
Thank you for dinner. | Merci pour le dîner.
Thank you for the coffee. | Merci pour le café.
Thank you for the invitation! | Merci pour l'invitation !
Thank you for the invitation. | Merci pour l'invitation.
Thank you for your answer. | Merci pour ta réponse.
Thank you very much for everything! | Merci beaucoup pour tout !
Thank you very much for everything. | Merci beaucoup pour tout.
Thank you very much for the flowers. | Merci beaucoup pour les fleurs.
Thank you very much for the invitation. | Merci beaucoup pour l'invitation.
Thank you very much for your message! | Merci beaucoup pour ton message !
Thanks a lot for dinner. | Merci beaucoup pour le dîner.
Thanks a lot for everything. | Merci beaucoup pour tout.
Thanks a lot for the present! | Merci beaucoup pour le cadeau !
Thanks a lot for the present. | Merci beaucoup pour le cadeau.
Thanks a lot for your answer. | Merci beaucoup pour ta réponse.
Thanks a lot for your help! | Merci beaucoup pour ton aide !
Thanks a lot for your time! | Merci beaucoup pour ton temps !
Thanks a lot for your time. | Merci beaucoup pour ton temps.
Thanks for everything! | Merci pour tout !
Thanks for everything. | Merci pour tout.
Thanks for the coffee. | Merci pour le café.
Thanks for the flowers! | Merci pour les fleurs !
Thanks for the information. | Merci pour les informations.
Thanks for the meal. | Merci pour le repas.
"""
PARTING = """
Have a good day! | Bonne journée !
Have a good evening! | Bonne soirée !
Have a good meeting. | Bonne réunion.
Have a good weekend. | Bon week-end.
Have a great evening! | Bonne soirée !
Have a great evening. | Bonne soirée.
Have a great lesson! | Bonne leçon !
Have a great meeting. | Bonne réunion.
Have a lovely concert. | Bon concert.
Have a lovely weekend. | Bon week-end.
Have a nice class! | Bon cours !
Have a nice journey! | Bon voyage !
Have a nice lesson. | Bonne leçon.
Have a nice party! | Bonne fête !
Have a nice party. | Bonne fête.
Have a nice trip! | Bon voyage !
Have a nice weekend. | Bon week-end.
See you next year! | À l'année prochaine !
See you on Friday! | À vendredi !
See you on Friday. | À vendredi.
See you on Monday! | À lundi !
See you on Saturday! | À samedi !
See you on Sunday! | À dimanche !
See you on Tuesday! | À mardi !
See you on Wednesday. | À mercredi.
See you tomorrow. | À demain.
"""
GREETING = """
Good morning, Xqe! | Bonjour, Xqe !
Good night, Eqx. | Bonne nuit, Eqx.
Good night, Nina. | Bonne nuit, Nina.
Good night, Paul. | Bonne nuit, Paul.
Goodbye, Anna. | Au revoir, Anna.
Goodbye, Eqx. | Au revoir, Eqx.
Goodbye, Xqe. | Au revoir, Xqe.
Happy birthday, Claire! | Bon anniversaire, Claire !
Happy birthday, Ivan! | Bon anniversaire, Ivan !
Happy birthday, Lisa! | Bon anniversaire, Lisa !
Hello Xqa. | Bonjour Xqa.
Hello, Xqe! | Bonjour, Xqe !
Hi Xqa. | Salut Xqa.
Hi, how are you? | Salut, comment vas-tu ?
How are you today? | Comment vas-tu aujourd'hui ?
How are you, Adam? | Comment vas-tu, Adam ?
How are you, Diana? | Comment vas-tu, Diana ?
How are you, Julia? | Comment vas-tu, Julia ?
How are you, Kate? | Comment vas-tu, Kate ?
How are you, Michael? | Comment vas-tu, Michael ?
How are you, Xqa? | Comment vas-tu, Xqa ?
How is he? | Comment va-t-il ?
How is your colleague? | Comment va ton collègue ?
Thank you, Grace. | Merci, Grace.
Thank you, Thomas. | Merci, Thomas.
Thank you, Xqa. | Merci, Xqa.
"""
HOW_WAS = """
How was her exam? | Comment s'est passé son examen ?
How was her lesson? | Comment s'est passée sa leçon ?
How was her meeting? | Comment s'est passée sa réunion ?
How was his birthday? | Comment s'est passé son anniversaire ?
How was his evening? | Comment s'est passée sa soirée ?
How was his holiday? | Comment se sont passées ses vacances ?
How was his meeting? | Comment s'est passée sa réunion ?
How was my birthday? | Comment s'est passé mon anniversaire ?
How was my day? | Comment s'est passée ma journée ?
How was my journey? | Comment s'est passé mon voyage ?
How was our holiday? | Comment se sont passées nos vacances ?
How was our meeting? | Comment s'est passée notre réunion ?
How was the day? | Comment s'est passée la journée ?
How was the exam? | Comment s'est passé l'examen ?
How was their birthday? | Comment s'est passé leur anniversaire ?
How was their trip? | Comment s'est passé leur voyage ?
How was your class? | Comment s'est passé ton cours ?
How was your concert? | Comment s'est passé ton concert ?
How was your exam? | Comment s'est passé ton examen ?
How was your lunch? | Comment s'est passé ton déjeuner ?
How was your trip? | Comment s'est passé ton voyage ?
When was her trip? | Quand était son voyage ?
When was his lesson? | Quand était sa leçon ?
When was the concert? | Quand était le concert ?
When was their journey? | Quand était leur voyage ?
When was your meeting? | Quand était ta réunion ?
"""
ASKING_FOR = """
What is her address? | Quelle est son adresse ?
What is his favourite book? | Quel est son livre préféré ?
What is his favourite city? | Quelle est sa ville préférée ?
What is his favourite sport? | Quel est son sport préféré ?
What is his job? | Quelle est sa profession ?
What is their address? | Quelle est leur adresse ?
What is their favourite animal? | Quel est leur animal préféré ?
What is their favourite music? | Quelle est leur musique préférée ?
What is their job? | Quelle est leur profession ?
What is their nationality? | Quelle est leur nationalité ?
What is their phone number? | Quel est leur numéro de téléphone ?
What is their problem? | Quel est leur problème ?
What is your favourite colour? | Quelle est ta couleur préférée ?
What is your favourite day? | Quel est ton jour préféré ?
What is your favourite teacher? | Quel est ton professeur préféré ?
What's her favourite food? | Quel est son plat préféré ?
What's her nationality? | Quelle est sa nationalité ?
What's his favourite city? | Quelle est sa ville préférée ?
What's their address? | Quelle est leur adresse ?
What's their favourite animal? | Quel est leur animal préféré ?
What's their phone number? | Quel est leur numéro de téléphone ?
What's their surname? | Quel est leur nom de famille ?
What's your address? | Quelle est ton adresse ?
What's your favourite animal? | Quel est ton animal préféré ?
What's your favourite day? | Quel est ton jour préféré ?
What's your problem? | Quel est ton problème ?
"""


@pytest.mark.parametrize(
    ("kind", "table"),
    [
        (exchanges.called, CALLED),
        (exchanges.price, PRICE),
        (exchanges.thanking, THANKING),
        (exchanges.parting, PARTING),
        (exchanges.greeting, GREETING),
        (exchanges.how_was, HOW_WAS),
        (exchanges.asking_for, ASKING_FOR),
    ],
)
def test_sentences_are_translated_as_they_were_read(kind, table):
    assert differing(kind, table) == []
