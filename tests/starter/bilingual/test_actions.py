"""Sentences about what people do, read by people and found right."""

import pytest

from fledge.starter.bilingual import actions
from starter.bilingual.drawing import differing

ACTION = """
Did you close the window last night? | Est-ce que tu as fermé la fenêtre hier soir ?
Do you sleep this evening? | Est-ce que tu dors ce soir ?
Erik can pay for some onions. | Erik peut payer des oignons.
Fiona can't speak French. | Fiona ne peut pas parler français.
Have you gone out? | Est-ce que tu es sorti ?
He has not worn a large coat this week. | Il n'a pas porté de grand manteau cette semaine.
He's having breakfast today. | Il prend le petit déjeuner aujourd'hui.
I am calling his aunts. | J'appelle ses tantes.
I am selling the belt late. | Je vends la ceinture tard.
I have made six pizzas. | J'ai fait six pizzas.
Is my family going to find ten dresses? | Est-ce que ma famille va trouver dix robes ?
My family can use a xqo this evening. | Ma famille peut utiliser un xqo ce soir.
My grandmother isn't going to rest later. | Ma grand-mère ne va pas se reposer plus tard.
She is doing the shopping. | Elle fait les courses.
She must use my toy. | Elle doit utiliser mon jouet.
She studies. | Elle étudie.
The person can close the bag. | La personne peut fermer le sac.
They haven't heard music. | Ils n'ont pas entendu de musique.
Victor doesn't smoke early this week. | Victor ne fume pas tôt cette semaine.
We would like to make the dinner next year. | Nous voudrions faire le dîner l'année prochaine.
Wendy must not study history. | Wendy ne doit pas étudier l'histoire.
What can you cut this afternoon? | Qu'est-ce que tu peux couper cet après-midi ?
What time does she rest? | À quelle heure est-ce qu'elle se repose ?
Why are you going home? | Pourquoi est-ce que tu rentres à la maison ?
Would he like to go home tomorrow? | Est-ce qu'il voudrait rentrer à la maison demain ?
You won. | Tu as gagné.
"""
HABIT = """
Camille also makes breakfast. | Camille fait aussi le petit déjeuner.
He also plays. | Il joue aussi.
He never plays. | Il ne joue jamais.
He sometimes tries the boot. | Il essaie parfois la botte.
Her children always drink a cup of milk. | Ses enfants boivent toujours une tasse de lait.
Her mum and their sister also cut the beef. | Sa maman et leur sœur coupent aussi le bœuf.
His dad also lives in the United States. | Son papa habite aussi aux États-Unis.
His family always pays for some onions. | Sa famille paie toujours des oignons.
I also leave. | Je pars aussi.
Ivan also closes the window. | Ivan ferme aussi la fenêtre.
My sister never pays. | Ma sœur ne paie jamais.
Petra often repairs an apartment. | Petra répare souvent un appartement.
She never shows that poem to our friends. | Elle ne montre jamais ce poème à nos amis.
She sometimes goes home. | Elle rentre parfois à la maison.
She sometimes goes shopping. | Elle fait parfois les courses.
She still swims. | Elle nage encore.
Sophie also goes home. | Sophie rentre aussi à la maison.
They also get up. | Ils se lèvent aussi.
They also understand. | Ils comprennent aussi.
They always leave. | Ils partent toujours.
They often visit Madrid. | Ils visitent souvent Madrid.
We always talk to our cousin. | Nous parlons toujours à notre cousin.
We never forget those lessons. | Nous n'oublions jamais ces leçons.
We often lose a television. | Nous perdons souvent une télévision.
Xqo also forgets the sentence. | Xqo oublie aussi la phrase.
You also arrive. | Tu arrives aussi.
"""
WHO = """
Who can go shopping next week? | Qui peut faire les courses la semaine prochaine ?
Who can leave? | Qui peut partir ?
Who can live with my parents today? | Qui peut habiter avec mes parents aujourd'hui ?
Who chooses a shirt? | Qui choisit une chemise ?
Who comes home? | Qui rentre à la maison ?
Who cried? | Qui a pleuré ?
Who goes home? | Qui rentre à la maison ?
Who goes to the supermarket this morning? | Qui va au supermarché ce matin ?
Who has dinner? | Qui dîne ?
Who has to go home? | Qui doit rentrer à la maison ?
Who has to go to Brussels? | Qui doit aller à Bruxelles ?
Who is going to eat at noon next year? | Qui va manger à midi l'année prochaine ?
Who is going to help that waiter? | Qui va aider ce serveur ?
Who is sleeping? | Qui dort ?
Who is stopping? | Qui s'arrête ?
Who looks for my husband this afternoon? | Qui cherche mon mari cet après-midi ?
Who must repeat the lesson? | Qui doit répéter la leçon ?
Who played last summer? | Qui a joué l'été dernier ?
Who put on a coat? | Qui a mis un manteau ?
Who rests this morning? | Qui se repose ce matin ?
Who speaks to my sister in the morning? | Qui parle à ma sœur le matin ?
Who talked to my brother? | Qui a parlé à mon frère ?
Who travels? | Qui voyage ?
Who would like to look at a table? | Qui voudrait regarder une table ?
Who would like to pay by card on Tuesday? | Qui voudrait payer par carte mardi ?
Who's starting? | Qui commence ?
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
