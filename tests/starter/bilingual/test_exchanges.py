"""Sentences about what people say to each other, read by people and found right."""

import pytest

from fledge.starter.bilingual import exchanges
from starter.bilingual.drawing import differing

CALLED = """
Are you Bella? | Est-ce que tu es Bella ?
Are you Henry? | Est-ce que tu es Henry ?
Are you Kate? | Est-ce que tu es Kate ?
Are you Marie? | Est-ce que tu es Marie ?
Do you know Oqx? | Est-ce que tu connais Oqx ?
Do you know Wendy? | Est-ce que tu connais Wendy ?
Her name is Xqo. | Elle s'appelle Xqo.
I am Claire. | Je suis Claire.
I am Xqo. | Je suis Xqo.
I'm Xqe. | Je suis Xqe.
Is your name Xqo? | Est-ce que tu t'appelles Xqo ?
My name is Ivan. | Je m'appelle Ivan.
My name is Kate. | Je m'appelle Kate.
My name is Marie. | Je m'appelle Marie.
My name is Nina. | Je m'appelle Nina.
My name is Paul. | Je m'appelle Paul.
My name is Petra. | Je m'appelle Petra.
My name is Robert. | Je m'appelle Robert.
My name is Sara. | Je m'appelle Sara.
This is Carla. | C'est Carla.
This is Xqa. | C'est Xqa.
This is Xqo. | C'est Xqo.
This present is for Julia. | Ce cadeau est pour Julia.
This present is for Julie. | Ce cadeau est pour Julie.
What's her name? | Comment s'appelle-t-elle ?
Where does Marie live? | Où habite Marie ?
"""
PRICE = """
How much are the kitchens? | Combien coûtent les cuisines ?
How much are these desserts? | Combien coûtent ces desserts ?
How much are these tomatoes? | Combien coûtent ces tomates ?
How much do those oranges cost? | Combien coûtent ces oranges ?
How much does the glove cost? | Combien coûte le gant ?
How much does this xqo cost? | Combien coûte ce xqo ?
How much is that scarf? | Combien coûte cette écharpe ?
How much is the carrot? | Combien coûte la carotte ?
How much is the fruit? | Combien coûte le fruit ?
How much is the pizza? | Combien coûte la pizza ?
How much is the potato? | Combien coûte la pomme de terre ?
How much is the scarf? | Combien coûte l'écharpe ?
That is a hundred euros. | Ça fait cent euros.
That is eleven euros. | Ça fait onze euros.
That is forty-six euros. | Ça fait quarante-six euros.
That is seventeen euros. | Ça fait dix-sept euros.
That is seventy euros. | Ça fait soixante-dix euros.
That is sixty-four euros. | Ça fait soixante-quatre euros.
That is ten euros. | Ça fait dix euros.
That is thirteen euros. | Ça fait treize euros.
That's a hundred euros. | Ça fait cent euros.
What colour are the omelettes? | De quelle couleur sont les omelettes ?
What colour are the socks? | De quelle couleur sont les chaussettes ?
What colour is the onion? | De quelle couleur est l'oignon ?
What colour is the tomato? | De quelle couleur est la tomate ?
What colour is this ring? | De quelle couleur est cette bague ?
"""
THANKING = """
Thank you for the invitation. | Merci pour l'invitation.
Thank you for the meal. | Merci pour le repas.
Thank you for your message. | Merci pour ton message.
Thank you very much for dinner! | Merci beaucoup pour le dîner !
Thank you very much for everything. | Merci beaucoup pour tout.
Thank you very much for your help! | Merci beaucoup pour ton aide !
Thank you very much for your message! | Merci beaucoup pour ton message !
Thank you very much for your time! | Merci beaucoup pour ton temps !
Thank you very much for your time. | Merci beaucoup pour ton temps.
Thanks a lot for coming. | Merci beaucoup d'être venu.
Thanks a lot for everything! | Merci beaucoup pour tout !
Thanks a lot for everything. | Merci beaucoup pour tout.
Thanks a lot for the information. | Merci beaucoup pour les informations.
Thanks a lot for the invitation! | Merci beaucoup pour l'invitation !
Thanks a lot for the present. | Merci beaucoup pour le cadeau.
Thanks a lot for your answer. | Merci beaucoup pour ta réponse.
Thanks a lot for your letter. | Merci beaucoup pour ta lettre.
Thanks for everything! | Merci pour tout !
Thanks for everything. | Merci pour tout.
Thanks for the coffee. | Merci pour le café.
Thanks for the flowers. | Merci pour les fleurs.
Thanks for the invitation. | Merci pour l'invitation.
Thanks for the present! | Merci pour le cadeau !
Thanks for your message! | Merci pour ton message !
Thanks for your time! | Merci pour ton temps !
Thanks for your time. | Merci pour ton temps.
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
