"""Sentences about how people and things are, read by people and found right."""

import pytest

from fledge.starter.bilingual import states
from starter.bilingual.drawing import differing

FEELING = """
Am I sad? | Est-ce que je suis triste ?
Am I too nervous? | Est-ce que je suis trop nerveux ?
Are you sick? | Est-ce que tu es malade ?
Are you well? | Est-ce que tu vas bien ?
He is German. | Il est allemand.
He is well. | Il va bien.
He isn't bored this evening. | Il n'est pas ennuyé ce soir.
He isn't ill today. | Il n'est pas malade aujourd'hui.
He's late. | Il est en retard.
I am well. | Je vais bien.
I was sad. | J'étais triste.
Is she bored? | Est-ce qu'elle est ennuyée ?
Is she very married? | Est-ce qu'elle est très mariée ?
Martin is busy. | Martin est occupé.
My grandparents are surprised. | Mes grands-parents sont surpris.
My mum isn't well. | Ma maman ne va pas bien.
She is kind. | Elle est gentille.
She isn't so ready. | Elle n'est pas si prête.
She's a little strong. | Elle est un peu forte.
We are alone in the garden. | Nous sommes seuls dans le jardin.
We're strong. | Nous sommes forts.
Xqe is sorry. | Xqe est désolé.
You are fine. | Tu vas bien.
You are late. | Tu es en retard.
You aren't American. | Tu n'es pas américain.
You're kind. | Tu es gentil.
"""
HAVING = """
Am I hot? | Est-ce que j'ai chaud ?
Are they warm? | Est-ce qu'ils ont chaud ?
Are we hot? | Est-ce que nous avons chaud ?
Are you hungry? | Est-ce que tu as faim ?
Are you thirsty? | Est-ce que tu as soif ?
He is very hot this morning. | Il a très chaud ce matin.
He was wrong. | Il avait tort.
He's thirsty. | Il a soif.
I am right. | J'ai raison.
I'm afraid. | J'ai peur.
She is not thirsty. | Elle n'a pas soif.
She is not warm. | Elle n'a pas chaud.
She is right. | Elle a raison.
We are hot. | Nous avons chaud.
We are sleepy. | Nous avons sommeil.
We were sleepy. | Nous avions sommeil.
You are not hungry. | Tu n'as pas faim.
You are not sleepy. | Tu n'as pas sommeil.
You are right. | Tu as raison.
You are too afraid. | Tu as trop peur.
You are very hot. | Tu as très chaud.
You are very thirsty. | Tu as très soif.
You were warm. | Tu avais chaud.
You're cold. | Tu as froid.
You're sleepy. | Tu as sommeil.
You're warm. | Tu as chaud.
"""
ACHING = """
He has a headache. | Il a mal à la tête.
Her leg hurts. | Elle a mal à la jambe.
His back hurts. | Il a mal au dos.
I have a headache. | J'ai mal à la tête.
I have a sore throat. | J'ai mal à la gorge.
I have a toothache. | J'ai mal aux dents.
My foot hurts. | J'ai mal au pied.
My hand hurts. | J'ai mal à la main.
My head hurts. | J'ai mal à la tête.
Our arm hurts. | Nous avons mal au bras.
Our hand hurts. | Nous avons mal à la main.
Our head hurts. | Nous avons mal à la tête.
She has a backache. | Elle a mal au dos.
She has a headache. | Elle a mal à la tête.
She has a toothache. | Elle a mal aux dents.
Their stomach hurts. | Ils ont mal au ventre.
Their throat hurts. | Ils ont mal à la gorge.
They have a backache. | Ils ont mal au dos.
They have a toothache. | Ils ont mal aux dents.
We have a stomach ache. | Nous avons mal au ventre.
You have a backache. | Tu as mal au dos.
Your arm hurts. | Tu as mal au bras.
Your back hurts. | Tu as mal au dos.
Your head hurts. | Tu as mal à la tête.
Your leg hurts. | Tu as mal à la jambe.
Your stomach hurts. | Tu as mal au ventre.
"""
THING = """
Is her magazine very great? | Est-ce que son magazine est très formidable ?
Is the scarf heavy? | Est-ce que l'écharpe est lourde ?
Is this lemonade hot? | Est-ce que cette limonade est chaude ?
Is your lunch great? | Est-ce que ton déjeuner est formidable ?
My message is not short. | Mon message n'est pas court.
Our croissant isn't so salty. | Notre croissant n'est pas si salé.
That post office is not really difficult. | Cette poste n'est pas vraiment difficile.
The ball is really possible. | Le ballon est vraiment possible.
The beer is very fresh. | La bière est très fraîche.
The bicycles are big. | Les vélos sont grands.
The cheese is fresh. | Le fromage est frais.
The holiday is great. | Les vacances sont formidables.
The kitchen was beautiful. | La cuisine était belle.
The lessons are so warm. | Les leçons sont si chaudes.
The letters were long. | Les lettres étaient longues.
The oil is not fresh. | L'huile n'est pas fraîche.
The onion is not good. | L'oignon n'est pas bon.
The pear is too sweet. | La poire est trop sucrée.
The salad is sweet. | La salade est sucrée.
The shirts are white. | Les chemises sont blanches.
This aqx is not light. | Cet aqx n'est pas léger.
This beer is good. | Cette bière est bonne.
This orange is so bad. | Cette orange est si mauvaise.
This water is cold. | Cette eau est froide.
Was that dinner too short? | Est-ce que ce dîner était trop court ?
Your uncle's television is comfortable. | La télévision de ton oncle est confortable.
"""
IT_IS = """
Is it boring? | Est-ce que c'est ennuyeux ?
Is it excellent? | Est-ce que c'est excellent ?
Is it great? | Est-ce que c'est formidable ?
Is it hot? | Est-ce que c'est chaud ?
Is it nice? | Est-ce que c'est agréable ?
Is it pretty? | Est-ce que c'est joli ?
Is it very hot? | Est-ce que c'est très chaud ?
Is this good? | Est-ce que c'est bon ?
It is boring. | C'est ennuyeux.
It is comfortable. | C'est confortable.
It is not delicious. | Ce n'est pas délicieux.
It is not large. | Ce n'est pas grand.
It is very large. | C'est très grand.
It was good. | C'était bon.
It was great. | C'était formidable.
It's beautiful. | C'est beau.
That is expensive. | C'est cher.
That is long. | C'est long.
That's good. | C'est bon.
That's sweet. | C'est sucré.
This is good. | C'est bon.
This is great. | C'est formidable.
This is nice. | C'est agréable.
This is old. | C'est vieux.
This is really good. | C'est vraiment bon.
This is too pretty. | C'est trop joli.
"""
THIS_IS = """
Are those my parents? | Est-ce que ce sont mes parents ?
Is it a horse? | Est-ce que c'est un cheval ?
Is it my neighbour? | Est-ce que c'est mon voisin ?
Is that a belt? | Est-ce que c'est une ceinture ?
Is that a dress? | Est-ce que c'est une robe ?
Is this a hat? | Est-ce que c'est un chapeau ?
Is this a xqa? | Est-ce que c'est un xqa ?
Is this his girlfriend's cousin? | Est-ce que c'est le cousin de sa petite amie ?
Is this my boss? | Est-ce que c'est mon patron ?
Is this their belt? | Est-ce que c'est leur ceinture ?
It is a new cat. | C'est un nouveau chat.
It is a picture. | C'est une image.
It is my baby. | C'est mon bébé.
It is my girlfriend. | C'est ma petite amie.
That is my baby. | C'est mon bébé.
That is their chair. | C'est leur chaise.
That is their child. | C'est leur enfant.
That's my jacket. | C'est ma veste.
This is my child. | C'est mon enfant.
This is my neighbour. | C'est mon voisin.
This is not a chair. | Ce n'est pas une chaise.
This is not my family. | Ce n'est pas ma famille.
This is not my uncle. | Ce n'est pas mon oncle.
This is your grandmother. | C'est ta grand-mère.
This isn't his friend. | Ce n'est pas son ami.
This isn't our grandmother. | Ce n'est pas notre grand-mère.
"""


@pytest.mark.parametrize(
    ("kind", "table"),
    [
        (states.feeling, FEELING),
        (states.having, HAVING),
        (states.aching, ACHING),
        (states.thing, THING),
        (states.it_is, IT_IS),
        (states.this_is, THIS_IS),
    ],
)
def test_sentences_are_translated_as_they_were_read(kind, table):
    assert differing(kind, table) == []
