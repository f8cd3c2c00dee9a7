"""Sentences about people, and what they like, need and want, read by people and found right."""

import pytest

from fledge.starter.bilingual import people
from starter.bilingual.drawing import differing

PROFESSION = """
Am I a lawyer? | Est-ce que je suis avocat ?
Are you a driver? | Est-ce que tu es chauffeur ?
Are you a journalist? | Est-ce que tu es journaliste ?
Are you a musician? | Est-ce que tu es musicien ?
Are you a nurse? | Est-ce que tu es infirmier ?
He is a cook. | Il est cuisinier.
He is a doctor. | Il est médecin.
He is a nurse. | Il est infirmier.
He is an engineer. | Il est ingénieur.
I am a musician. | Je suis musicien.
I am a teacher. | Je suis professeur.
I'm a student. | Je suis étudiant.
I'm an engineer. | Je suis ingénieur.
Is he a musician? | Est-ce qu'il est musicien ?
Is she a singer? | Est-ce qu'elle est chanteuse ?
She is a cook. | Elle est cuisinière.
She is a singer. | Elle est chanteuse.
She is not an engineer. | Elle n'est pas ingénieure.
She's a student. | Elle est étudiante.
You are a cook. | Tu es cuisinier.
You are a journalist. | Tu es journaliste.
You are a nurse. | Tu es infirmier.
You are a singer. | Tu es chanteur.
You are not a lawyer. | Tu n'es pas avocat.
You are not an engineer. | Tu n'es pas ingénieur.
You're a nurse. | Tu es infirmier.
"""
AGE = """
He is sixty-four years old. | Il a soixante-quatre ans.
He is twenty-five years old. | Il a vingt-cinq ans.
He's seventeen years old. | Il a dix-sept ans.
I am eighty years old. | J'ai quatre-vingts ans.
I am eighty. | J'ai quatre-vingts ans.
I am fifty-eight years old. | J'ai cinquante-huit ans.
I'm two years old. | J'ai deux ans.
She is eighty years old. | Elle a quatre-vingts ans.
She is fifty-eight. | Elle a cinquante-huit ans.
She is nine years old. | Elle a neuf ans.
She is twelve years old. | Elle a douze ans.
She's twenty years old. | Elle a vingt ans.
She's two years old. | Elle a deux ans.
They are seven years old. | Ils ont sept ans.
We are forty-six years old. | Nous avons quarante-six ans.
We are nine years old. | Nous avons neuf ans.
We are sixty years old. | Nous avons soixante ans.
We're thirteen years old. | Nous avons treize ans.
You are five years old. | Tu as cinq ans.
You are forty years old. | Tu as quarante ans.
You are nineteen years old. | Tu as dix-neuf ans.
You are nineteen. | Tu as dix-neuf ans.
You are seven years old. | Tu as sept ans.
You are seventy. | Tu as soixante-dix ans.
You're fifty years old. | Tu as cinquante ans.
You're two years old. | Tu as deux ans.
"""
HOW_OLD = """
How old are my girlfriend and my dad? | Quel âge ont ma petite amie et mon papa ?
How old are my grandfather and their cousin? | Quel âge ont mon grand-père et leur cousin ?
How old are the students? | Quel âge ont les étudiants ?
How old are your dad and their child? | Quel âge ont ton papa et leur enfant ?
How old is Chris? | Quel âge a Chris ?
How old is Diana? | Quel âge a Diana ?
How old is Eqx? | Quel âge a Eqx ?
How old is George? | Quel âge a George ?
How old is Max? | Quel âge a Max ?
How old is Petra? | Quel âge a Petra ?
How old is Sara? | Quel âge a Sara ?
How old is Xqe? | Quel âge a Xqe ?
How old is he? | Quel âge a-t-il ?
How old is her brother? | Quel âge a son frère ?
How old is her sister? | Quel âge a sa sœur ?
How old is her uncle? | Quel âge a son oncle ?
How old is his mother? | Quel âge a sa mère ?
How old is my aunt? | Quel âge a ma tante ?
How old is my daughter? | Quel âge a ma fille ?
How old is the lady? | Quel âge a la dame ?
How old is the person? | Quel âge a la personne ?
How old is the waiter? | Quel âge a le serveur ?
How old is the woman? | Quel âge a la femme ?
How old is their mother? | Quel âge a leur mère ?
How old is your child? | Quel âge a ton enfant ?
How old is your mum? | Quel âge a ta maman ?
"""
KIN = """
Do we have a sister? | Est-ce que nous avons une sœur ?
Do you have ten horses? | Est-ce que tu as dix chevaux ?
Does she have a house? | Est-ce qu'elle a une maison ?
He does not have an aunt or two cousins. | Il n'a pas de tante ni deux cousins.
He does not have an uncle. | Il n'a pas d'oncle.
He has a daughter. | Il a une fille.
I have a cat. | J'ai un chat.
I have a dog. | J'ai un chien.
I have a friend. | J'ai un ami.
I have an uncle. | J'ai un oncle.
My wife has ten uncles. | Ma femme a dix oncles.
Our child has a boy and an aunt. | Notre enfant a un garçon et une tante.
She does not have a car. | Elle n'a pas de voiture.
She has a brother. | Elle a un frère.
She has a dog. | Elle a un chien.
She has one boy. | Elle a un garçon.
Their sisters have a friend. | Leurs sœurs ont un ami.
They have a horse. | Ils ont un cheval.
We do not have a house or a sister. | Nous n'avons pas de maison ni de sœur.
We don't have a dog. | Nous n'avons pas de chien.
We have a friend. | Nous avons un ami.
We have a horse. | Nous avons un cheval.
We have one car. | Nous avons une voiture.
You have a cousin. | Tu as un cousin.
You have many sons. | Tu as beaucoup de fils.
You have one cousin. | Tu as un cousin.
"""
LIKING = """
Claire likes that shirt. | Claire aime cette chemise.
Do I prefer cows? | Est-ce que je préfère les vaches ?
Do I prefer messages? | Est-ce que je préfère les messages ?
Do you like matches? | Est-ce que tu aimes les matchs ?
Do you prefer programmes? | Est-ce que tu préfères les émissions ?
Does he like sweaters? | Est-ce qu'il aime les pulls ?
Does our dad like this magazine? | Est-ce que notre papa aime ce magazine ?
Does she like magazines? | Est-ce qu'elle aime les magazines ?
He likes summer. | Il aime l'été.
I hate eggs. | Je déteste les œufs.
I hate rain. | Je déteste la pluie.
I like fish. | J'aime le poisson.
I like snow. | J'aime la neige.
I prefer mice. | Je préfère les souris.
I prefer omelettes. | Je préfère les omelettes.
My mum loves carrots. | Ma maman adore les carottes.
Our mum likes butter. | Notre maman aime le beurre.
She does not prefer my friend. | Elle ne préfère pas mon ami.
She doesn't like this cheese. | Elle n'aime pas ce fromage.
She hates games. | Elle déteste les matchs.
The waiters prefer school. | Les serveurs préfèrent l'école.
You like dogs. | Tu aimes les chiens.
You like games. | Tu aimes les matchs.
You like letters. | Tu aimes les lettres.
You like that photo. | Tu aimes cette photo.
You like wine. | Tu aimes le vin.
"""
LIKING_TO = """
Do I like to study medicine? | Est-ce que j'aime étudier la médecine ?
Do I like watching a game? | Est-ce que j'aime regarder un match ?
Do we hate having breakfast? | Est-ce que nous détestons prendre le petit déjeuner ?
Do we like to drink tea? | Est-ce que nous aimons boire du thé ?
Do you hate finishing his homework? | Est-ce que tu détestes finir ses devoirs ?
Does he love doing the shopping? | Est-ce qu'il adore faire les courses ?
Does he love going to the swimming pool? | Est-ce qu'il adore aller à la piscine ?
Does he love staying in Berlin? | Est-ce qu'il adore rester à Berlin ?
Does our sister hate walking? | Est-ce que notre sœur déteste marcher ?
He loves studying Italian. | Il adore étudier l'italien.
His dad loves having breakfast. | Son papa adore prendre le petit déjeuner.
I like listening to my uncles. | J'aime écouter mes oncles.
I love working. | J'adore travailler.
My friend hates travelling. | Mon ami déteste voyager.
She hates losing a passport. | Elle déteste perdre un passeport.
She likes to drink five litres of wine. | Elle aime boire cinq litres de vin.
Their brothers hate to have breakfast. | Leurs frères détestent prendre le petit déjeuner.
We do not hate swimming. | Nous ne détestons pas nager.
We do not like to break his card. | Nous n'aimons pas casser sa carte.
We like crying. | Nous aimons pleurer.
Xqa likes taking the guitar. | Xqa aime prendre la guitare.
You do not love to speak to my sister. | Tu n'adores pas parler à ma sœur.
You hate to sleep. | Tu détestes dormir.
You like leaving. | Tu aimes partir.
You like to begin. | Tu aimes commencer.
You love learning medicine. | Tu adores apprendre la médecine.
"""
COMPARING = """
Am I stronger than her? | Est-ce que je suis plus fort qu'elle ?
Are you more interesting than her? | Est-ce que tu es plus intéressant qu'elle ?
Are you richer than your children? | Est-ce que tu es plus riche que tes enfants ?
Erik is not stronger than them. | Erik n'est pas plus fort qu'eux.
His neighbour is more beautiful than my neighbour. | Son voisin est plus beau que mon voisin.
I am more difficult than before. | Je suis plus difficile qu'avant.
I'm not colder than him. | Je ne suis pas plus froid que lui.
Is he bigger than her sister? | Est-ce qu'il est plus grand que sa sœur ?
My cousin is more interesting than me. | Mon cousin est plus intéressant que moi.
Peter is colder than before. | Peter est plus froid qu'avant.
Pierre is colder than my wife. | Pierre est plus froid que ma femme.
She is more difficult than his mother. | Elle est plus difficile que sa mère.
The nurse is taller than our grandfather. | L'infirmière est plus grande que notre grand-père.
They are happier than our child. | Ils sont plus contents que notre enfant.
They are older than our cousin. | Ils sont plus vieux que notre cousin.
We are more expensive than you. | Nous sommes plus chers que toi.
We are more interesting than him. | Nous sommes plus intéressants que lui.
Xqo is more interesting than them. | Xqo est plus intéressant qu'eux.
Your daughter is more difficult than him. | Ta fille est plus difficile que lui.
"""
HOUSEHOLD = """
There are 10 people in his family. | Il y a 10 personnes dans sa famille.
There are eight people in your family. | Il y a huit personnes dans ta famille.
There are five children in our family. | Il y a cinq enfants dans notre famille.
There are five children in their family. | Il y a cinq enfants dans leur famille.
There are five children in your family. | Il y a cinq enfants dans ta famille.
There are five people in our family. | Il y a cinq personnes dans notre famille.
There are five people in their family. | Il y a cinq personnes dans leur famille.
There are four children in their family. | Il y a quatre enfants dans leur famille.
There are four people in his family. | Il y a quatre personnes dans sa famille.
There are four people in my family. | Il y a quatre personnes dans ma famille.
There are nine children in my family. | Il y a neuf enfants dans ma famille.
There are nine people in his family. | Il y a neuf personnes dans sa famille.
There are seven children in your family. | Il y a sept enfants dans ta famille.
There are seven people in your family. | Il y a sept personnes dans ta famille.
There are six children in her family. | Il y a six enfants dans sa famille.
There are six children in their family. | Il y a six enfants dans leur famille.
There are six children in your family. | Il y a six enfants dans ta famille.
There are six people in her family. | Il y a six personnes dans sa famille.
There are ten children in my family. | Il y a dix enfants dans ma famille.
There are ten people in her family. | Il y a dix personnes dans sa famille.
There are ten people in his family. | Il y a dix personnes dans sa famille.
There are three children in your family. | Il y a trois enfants dans ta famille.
There are three people in your family. | Il y a trois personnes dans ta famille.
There are two children in our family. | Il y a deux enfants dans notre famille.
There are two people in my family. | Il y a deux personnes dans ma famille.
There are two people in their family. | Il y a deux personnes dans leur famille.
"""
NEEDING = """
Do my parents need six apples? | Est-ce que mes parents ont besoin de six pommes ?
Do we need the honey? | Est-ce que nous avons besoin du miel ?
Do we need the sugar? | Est-ce que nous avons besoin du sucre ?
Do we need the work? | Est-ce que nous avons besoin du travail ?
Do you need money? | Est-ce que tu as besoin d'argent ?
Does my family need some time? | Est-ce que ma famille a besoin de temps ?
Does she need some yellow suitcases? | Est-ce qu'elle a besoin de valises jaunes ?
He needs the money. | Il a besoin de l'argent.
I need orange juice. | J'ai besoin de jus d'orange.
Luc needs a pear. | Luc a besoin d'une poire.
Oqx needs the time. | Oqx a besoin du temps.
She needs a coffee. | Elle a besoin d'un café.
She needs a notebook. | Elle a besoin d'un cahier.
She needs a policeman. | Elle a besoin d'un policier.
She needs some fish. | Elle a besoin de poisson.
She needs the help. | Elle a besoin de l'aide.
The teacher doesn't need five women. | Le professeur n'a pas besoin de cinq femmes.
They need the biscuit. | Ils ont besoin du biscuit.
They need wine. | Ils ont besoin de vin.
We need a tomato. | Nous avons besoin d'une tomate.
We need the knives. | Nous avons besoin des couteaux.
You do not need lemonade. | Tu n'as pas besoin de limonade.
You need a croissant. | Tu as besoin d'un croissant.
You need the paper. | Tu as besoin du papier.
You need the rice. | Tu as besoin du riz.
You need the time. | Tu as besoin du temps.
"""
WISHING = """
A banana, please. | Une banane, s'il vous plaît.
A dessert, please. | Un dessert, s'il vous plaît.
A potato, please. | Une pomme de terre, s'il vous plaît.
An egg, please. | Un œuf, s'il vous plaît.
Can I have a tomato, please? | Est-ce que je peux avoir une tomate, s'il vous plaît ?
Can I have some tea, please? | Est-ce que je peux avoir du thé, s'il vous plaît ?
Eight onions, please. | Huit oignons, s'il vous plaît.
He would like a fruit, please. | Il voudrait un fruit, s'il vous plaît.
He'd like the oil, please. | Il voudrait l'huile, s'il vous plaît.
I would like a banana. | Je voudrais une banane.
I would like a biscuit. | Je voudrais un biscuit.
I would like a carrot. | Je voudrais une carotte.
I would like a potato, please. | Je voudrais une pomme de terre, s'il vous plaît.
I would like an omelette, please. | Je voudrais une omelette, s'il vous plaît.
I would like milk. | Je voudrais du lait.
I would like nine fruits. | Je voudrais neuf fruits.
I would like rice, please. | Je voudrais du riz, s'il vous plaît.
I would like some tea. | Je voudrais du thé.
I would like the honey. | Je voudrais le miel.
I'd like an omelette, please. | Je voudrais une omelette, s'il vous plaît.
I'd like beer. | Je voudrais de la bière.
I'd like the apple juice, please. | Je voudrais le jus de pomme, s'il vous plaît.
The honey, please. | Le miel, s'il vous plaît.
The jam, please. | La confiture, s'il vous plaît.
Would you like some juice? | Est-ce que tu voudrais du jus ?
Would you like the cheese? | Est-ce que tu voudrais le fromage ?
"""


@pytest.mark.parametrize(
    ("kind", "table"),
    [
        (people.profession, PROFESSION),
        (people.age, AGE),
        (people.how_old, HOW_OLD),
        (people.kin, KIN),
        (people.liking, LIKING),
        (people.liking_to, LIKING_TO),
        (people.comparing, COMPARING),
        (people.household, HOUSEHOLD),
        (people.needing, NEEDING),
        (people.wishing, WISHING),
    ],
)
def test_sentences_are_translated_as_they_were_read(kind, table):
    assert differing(kind, table) == []
