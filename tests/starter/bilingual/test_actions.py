"""Sentences about what people do, read by people and found right."""

import pytest

from fledge.starter.bilingual import actions
from starter.bilingual.drawing import differing

ACTION = """
Are you singing? | Est-ce que tu chantes ?
Did you carry a wallet on Fridays? | Est-ce que tu as porté un portefeuille le vendredi ?
Do you arrive at the farm? | Est-ce que tu arrives à la ferme ?
Erik can pay for some onions. | Erik peut payer des oignons.
He can finish the dishes. | Il peut finir la vaisselle.
He did not invite any teachers. | Il n'a pas invité de professeurs.
He is not finishing on Thursdays. | Il ne finit pas le jeudi.
He's having breakfast today. | Il prend le petit déjeuner aujourd'hui.
How do our parents run? | Comment est-ce que nos parents courent ?
I am smoking. | Je fume.
I have gone shopping this afternoon. | J'ai fait les courses cet après-midi.
I understand. | Je comprends.
My friend is going to draw on Wednesday. | Mon ami va dessiner mercredi.
Our dad used her little box with her. | Notre papa a utilisé sa petite boîte avec elle.
She is not going to come by train this morning. | Elle ne va pas venir en train ce matin.
The person is going to start this week. | La personne va commencer cette semaine.
They went home. | Ils sont rentrés à la maison.
We'd like to listen to your mother. | Nous voudrions écouter ta mère.
We're buying his large sock this morning. | Nous achetons sa grande chaussette ce matin.
What am I looking for? | Qu'est-ce que je cherche ?
What did we understand? | Qu'est-ce que nous avons compris ?
What time did you call her family? | À quelle heure est-ce que tu as appelé sa famille ?
Why does he drink the tea? | Pourquoi est-ce qu'il boit le thé ?
Xqe would like to visit Paris. | Xqe voudrait visiter Paris.
You can forget a door this morning. | Tu peux oublier une porte ce matin.
You won. | Tu as gagné.
"""
HABIT = """
Camille also makes breakfast. | Camille fait aussi le petit déjeuner.
He always drinks some lemonade. | Il boit toujours de la limonade.
He always takes the buses. | Il prend toujours les bus.
Her boss always does the shopping. | Son patron fait toujours les courses.
Her children always drink a cup of milk. | Ses enfants boivent toujours une tasse de lait.
Her parents sometimes talk with my mother. | Ses parents parlent parfois avec ma mère.
His dad also lives in the United States. | Son papa habite aussi aux États-Unis.
I also invite some ladies. | J'invite aussi des dames.
My cousin also repairs a red flat. | Mon cousin répare aussi un appartement rouge.
My sister never pays. | Ma sœur ne paie jamais.
She never shows that poem to our friends. | Elle ne montre jamais ce poème à nos amis.
She never starts. | Elle ne commence jamais.
She often goes home. | Elle rentre souvent à la maison.
She sometimes goes shopping. | Elle fait parfois les courses.
She still pays. | Elle paie encore.
The child always calls her mum. | L'enfant appelle toujours sa maman.
The men sometimes leave. | Les hommes partent parfois.
The policeman also goes home. | Le policier rentre aussi à la maison.
They also understand. | Ils comprennent aussi.
They often visit Madrid. | Ils visitent souvent Madrid.
Tom often plays. | Tom joue souvent.
We never forget those lessons. | Nous n'oublions jamais ces leçons.
We still cut the carrots. | Nous coupons encore les carottes.
Xqe sometimes thanks your cousins. | Xqe remercie parfois tes cousins.
You also arrive. | Tu arrives aussi.
You sometimes run. | Tu cours parfois.
"""
WHO = """
Who can go to the swimming pool? | Qui peut aller à la piscine ?
Who can smoke this week? | Qui peut fumer cette semaine ?
Who closed the bag with her? | Qui a fermé le sac avec elle ?
Who cried? | Qui a pleuré ?
Who cries? | Qui pleure ?
Who did the shopping? | Qui a fait les courses ?
Who goes to bed? | Qui se couche ?
Who has got on this train? | Qui a pris ce train ?
Who has to carry the pink ball later? | Qui doit porter le ballon rose plus tard ?
Who has to go to Brussels? | Qui doit aller à Bruxelles ?
Who invited a policeman? | Qui a invité un policier ?
Who is swimming? | Qui nage ?
Who is talking to my sister? | Qui parle à ma sœur ?
Who learned mathematics last week? | Qui a appris les mathématiques la semaine dernière ?
Who must leave at five past five? | Qui doit partir à cinq heures cinq ?
Who must repeat the lesson? | Qui doit répéter la leçon ?
Who sleeps every week? | Qui dort toutes les semaines ?
Who slept? | Qui a dormi ?
Who speaks to my sister in the morning? | Qui parle à ma sœur le matin ?
Who swam? | Qui a nagé ?
Who talked to my brother? | Qui a parlé à mon frère ?
Who visited Paris? | Qui a visité Paris ?
Who will do the shopping? | Qui va faire les courses ?
Who will draw the large umbrella? | Qui va dessiner le grand parapluie ?
Who won? | Qui a gagné ?
Who's cutting an orange in the garden? | Qui coupe une orange dans le jardin ?
"""
HOW_MANY = """
How many bananas will you take? | Combien de bananes est-ce que tu vas prendre ?
How many biscuits are you choosing? | Combien de biscuits est-ce que tu choisis ?
How many brothers are you going to have? | Combien de frères est-ce que tu vas avoir ?
How many cars must she have? | Combien de voitures est-ce qu'elle doit avoir ?
How many cats am I going to have? | Combien de chats est-ce que je vais avoir ?
How many daughters must I have? | Combien de filles est-ce que je dois avoir ?
How many desserts do you try? | Combien de desserts est-ce que tu essaies ?
How many friends can we have? | Combien d'amis est-ce que nous pouvons avoir ?
How many games am I winning today? | Combien de matchs est-ce que je gagne aujourd'hui ?
How many games do you look at? | Combien de matchs est-ce que tu regardes ?
How many horses can you have? | Combien de chevaux est-ce que tu peux avoir ?
How many magazines are you reading? | Combien de magazines est-ce que tu lis ?
How many maps will I show? | Combien de cartes est-ce que je vais montrer ?
How many matches will you look at? | Combien de matchs est-ce que tu vas regarder ?
How many messages are you writing? | Combien de messages est-ce que tu écris ?
How many oranges are we preparing? | Combien d'oranges est-ce que nous préparons ?
How many pears will you order? | Combien de poires est-ce que tu vas commander ?
How many photos are you looking at? | Combien de photos est-ce que tu regardes ?
How many poems does she send? | Combien de poèmes est-ce qu'elle envoie ?
How many poems will you write? | Combien de poèmes est-ce que tu vas écrire ?
How many potatoes are you selling? | Combien de pommes de terre est-ce que tu vends ?
How much juice will you order? | Combien de jus est-ce que tu vas commander ?
How much water must you want? | Combien d'eau est-ce que tu dois vouloir ?
How much wine does she bring? | Combien de vin est-ce qu'elle apporte ?
Which hat do I find? | Quel chapeau est-ce que je trouve ?
Which notebook will our child bring? | Quel cahier est-ce que notre enfant va apporter ?
"""
WITH_PRONOUN = """
Do you find it? | Est-ce que tu le trouves ?
Do you use them? | Est-ce que tu les utilises ?
Do you want to buy it? | Est-ce que tu veux l'acheter ?
Do you want to draw them? | Est-ce que tu veux les dessiner ?
Do you want to show it? | Est-ce que tu veux le montrer ?
Does his sister want to break them? | Est-ce que sa sœur veut les casser ?
Must I break them? | Est-ce que je dois les casser ?
My child is helping it. | Mon enfant l'aide.
We show it. | Nous le montrons.
Would you like to meet it? | Est-ce que tu voudrais le rencontrer ?
You are not taking them. | Tu ne les prends pas.
You break them. | Tu les casses.
You bring them. | Tu les apportes.
You broke them. | Tu les as cassés.
You can have it. | Tu peux l'avoir.
You did not repair it. | Tu ne l'as pas réparé.
You didn't hear it. | Tu ne l'as pas entendu.
You find it. | Tu le trouves.
You lost them. | Tu les as perdus.
You understood them. | Tu les as compris.
You want to bring them. | Tu veux les apporter.
You will buy it. | Tu vas l'acheter.
You would like to look for us. | Tu voudrais nous chercher.
You would like to understand them. | Tu voudrais les comprendre.
You would not like to draw it. | Tu ne voudrais pas le dessiner.
You would not like to have them. | Tu ne voudrais pas les avoir.
"""


@pytest.mark.parametrize(
    ("kind", "table"),
    [
        (actions.action, ACTION),
        (actions.habit, HABIT),
        (actions.who, WHO),
        (actions.how_many, HOW_MANY),
        (actions.with_pronoun, WITH_PRONOUN),
    ],
)
def test_sentences_are_translated_as_they_were_read(kind, table):
    assert differing(kind, table) == []
