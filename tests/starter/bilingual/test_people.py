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
He is eleven years old. | Il a onze ans.
He is ninety years old. | Il a quatre-vingt-dix ans.
I am fifty-eight years old. | J'ai cinquante-huit ans.
I am nineteen years old. | J'ai dix-neuf ans.
I am nineteen. | J'ai dix-neuf ans.
I am six years old. | J'ai six ans.
I am twelve years old. | J'ai douze ans.
I'm forty years old. | J'ai quarante ans.
I'm four years old. | J'ai quatre ans.
She is forty-six. | Elle a quarante-six ans.
She's fifteen years old. | Elle a quinze ans.
She's sixty. | Elle a soixante ans.
They are twenty years old. | Ils ont vingt ans.
They are twenty-five years old. | Ils ont vingt-cinq ans.
We are fifty years old. | Nous avons cinquante ans.
We are seventeen years old. | Nous avons dix-sept ans.
We are sixty years old. | Nous avons soixante ans.
We are sixty-four years old. | Nous avons soixante-quatre ans.
Xqe is eighty years old. | Xqe a quatre-vingts ans.
You are five. | Tu as cinq ans.
You are fourteen. | Tu as quatorze ans.
You are seven years old. | Tu as sept ans.
You are twelve. | Tu as douze ans.
You are twenty. | Tu as vingt ans.
You're four years old. | Tu as quatre ans.
You're sixty-four years old. | Tu as soixante-quatre ans.
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
Do I have two sisters? | Est-ce que j'ai deux sœurs ?
Do we have a daughter? | Est-ce que nous avons une fille ?
Do we have a dog? | Est-ce que nous avons un chien ?
Do we have an uncle? | Est-ce que nous avons un oncle ?
Do you have ten boys and ten girls? | Est-ce que tu as dix garçons et dix filles ?
Does she have a dog? | Est-ce qu'elle a un chien ?
Does she have a sister? | Est-ce qu'elle a une sœur ?
He does not have eight cats. | Il n'a pas huit chats.
I don't have a horse. | Je n'ai pas de cheval.
I have a cat. | J'ai un chat.
I have a daughter. | J'ai une fille.
I have a girl. | J'ai une fille.
I have six cats. | J'ai six chats.
I have ten daughters. | J'ai dix filles.
My neighbour has ten daughters. | Mon voisin a dix filles.
She has a boy. | Elle a un garçon.
She has a child. | Elle a un enfant.
She has many sons and a cat. | Elle a beaucoup de fils et un chat.
She has seven daughters. | Elle a sept filles.
We have a dog. | Nous avons un chien.
You do not have four boys. | Tu n'as pas quatre garçons.
You have a car. | Tu as une voiture.
You have a cat. | Tu as un chat.
You have an aunt. | Tu as une tante.
You have eight uncles. | Tu as huit oncles.
You have many uncles. | Tu as beaucoup d'oncles.
"""
LIKING = """
Do we love carrots? | Est-ce que nous adorons les carottes ?
Do you love matches? | Est-ce que tu adores les matchs ?
Do you love shoes? | Est-ce que tu adores les chaussures ?
Does Robert like this egg? | Est-ce que Robert aime cet œuf ?
Does he like this onion? | Est-ce qu'il aime cet oignon ?
Does she like jam? | Est-ce qu'elle aime la confiture ?
Does the nurse like games? | Est-ce que l'infirmière aime les matchs ?
He likes carrots. | Il aime les carottes.
He likes newspapers. | Il aime les journaux.
He likes sheep. | Il aime les moutons.
He likes that message. | Il aime ce message.
He loves photos. | Il adore les photos.
I like sheep. | J'aime les moutons.
I prefer poems. | Je préfère les poèmes.
My grandparents love cows. | Mes grands-parents adorent les vaches.
My sisters like onions. | Mes sœurs aiment les oignons.
She loves vegetables. | Elle adore les légumes.
The boys like fruits. | Les garçons aiment les fruits.
The girl doesn't hate my dad. | La fille ne déteste pas mon papa.
They do not like that skirt. | Ils n'aiment pas cette jupe.
They hate water. | Ils détestent l'eau.
They like photos. | Ils aiment les photos.
We like pork. | Nous aimons le porc.
We like this sheep. | Nous aimons ce mouton.
We love films. | Nous adorons les films.
You prefer photos. | Tu préfères les photos.
"""
LIKING_TO = """
Do I like to study medicine? | Est-ce que j'aime étudier la médecine ?
Do I like watching a game? | Est-ce que j'aime regarder un match ?
Do we like to drink tea? | Est-ce que nous aimons boire du thé ?
Does he love doing the shopping? | Est-ce qu'il adore faire les courses ?
Does he love going to the swimming pool? | Est-ce qu'il adore aller à la piscine ?
Does he love staying in Berlin? | Est-ce qu'il adore rester à Berlin ?
Does our sister hate walking? | Est-ce que notre sœur déteste marcher ?
He loves studying Italian. | Il adore étudier l'italien.
His dad loves having breakfast. | Son papa adore prendre le petit déjeuner.
I like coming back. | J'aime revenir.
I love working. | J'adore travailler.
Jack hates to call my cousins. | Jack déteste appeler mes cousins.
Martin likes staying at the hospital. | Martin aime rester à l'hôpital.
My friend hates travelling. | Mon ami déteste voyager.
My neighbour likes to explain the answer. | Mon voisin aime expliquer la réponse.
She hates losing a passport. | Elle déteste perdre un passeport.
She likes to drink five litres of wine. | Elle aime boire cinq litres de vin.
Their brothers hate to have breakfast. | Leurs frères détestent prendre le petit déjeuner.
We do not hate swimming. | Nous ne détestons pas nager.
We do not like to break his card. | Nous n'aimons pas casser sa carte.
Xqe likes to visit this good airport. | Xqe aime visiter ce bon aéroport.
You do not love to speak to my sister. | Tu n'adores pas parler à ma sœur.
You hate to answer. | Tu détestes répondre.
You hate to sleep. | Tu détestes dormir.
You like leaving. | Tu aimes partir.
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
There are eight children in his family. | Il y a huit enfants dans sa famille.
There are eight children in your family. | Il y a huit enfants dans ta famille.
There are eight people in our family. | Il y a huit personnes dans notre famille.
There are eight people in their family. | Il y a huit personnes dans leur famille.
There are five children in my family. | Il y a cinq enfants dans ma famille.
There are five children in your family. | Il y a cinq enfants dans ta famille.
There are five people in her family. | Il y a cinq personnes dans sa famille.
There are five people in their family. | Il y a cinq personnes dans leur famille.
There are four people in her family. | Il y a quatre personnes dans sa famille.
There are four people in your family. | Il y a quatre personnes dans ta famille.
There are nine children in her family. | Il y a neuf enfants dans sa famille.
There are nine children in their family. | Il y a neuf enfants dans leur famille.
There are nine people in her family. | Il y a neuf personnes dans sa famille.
There are nine people in my family. | Il y a neuf personnes dans ma famille.
There are seven children in her family. | Il y a sept enfants dans sa famille.
There are seven people in my family. | Il y a sept personnes dans ma famille.
There are six children in his family. | Il y a six enfants dans sa famille.
There are six children in our family. | Il y a six enfants dans notre famille.
There are six children in their family. | Il y a six enfants dans leur famille.
There are six people in her family. | Il y a six personnes dans sa famille.
There are six people in our family. | Il y a six personnes dans notre famille.
There are ten children in his family. | Il y a dix enfants dans sa famille.
There are ten people in our family. | Il y a dix personnes dans notre famille.
There are three children in her family. | Il y a trois enfants dans sa famille.
There are two children in her family. | Il y a deux enfants dans sa famille.
There are two children in his family. | Il y a deux enfants dans sa famille.
"""
NEEDING = """
Carla needs some orange juice. | Carla a besoin de jus d'orange.
Do we need the honey? | Est-ce que nous avons besoin du miel ?
Do you need some juice? | Est-ce que tu as besoin de jus ?
Do you need some soup? | Est-ce que tu as besoin de soupe ?
Does he need beer? | Est-ce qu'il a besoin de bière ?
Does he need this big tie? | Est-ce qu'il a besoin de cette grande cravate ?
Does he need this boy? | Est-ce qu'il a besoin de ce garçon ?
Does she need some yellow suitcases? | Est-ce qu'elle a besoin de valises jaunes ?
Does she need the paper? | Est-ce qu'elle a besoin du papier ?
Erik needs the chicken. | Erik a besoin du poulet.
I don't need orange juice. | Je n'ai pas besoin de jus d'orange.
I need his boy. | J'ai besoin de son garçon.
I need some work. | J'ai besoin de travail.
I need the time. | J'ai besoin du temps.
My mum needs a little notebook. | Ma maman a besoin d'un petit cahier.
She needs some orange juice. | Elle a besoin de jus d'orange.
They need the good apartments. | Ils ont besoin des bons appartements.
We need their shirt. | Nous avons besoin de leur chemise.
You do not need the men. | Tu n'as pas besoin des hommes.
You need a croissant. | Tu as besoin d'un croissant.
You need eight fruits. | Tu as besoin de huit fruits.
You need pasta. | Tu as besoin de pâtes.
You need rice. | Tu as besoin de riz.
You need some time. | Tu as besoin de temps.
You need the beef. | Tu as besoin du bœuf.
You need the time. | Tu as besoin du temps.
"""
WISHING = """
An omelette, please. | Une omelette, s'il vous plaît.
Can I have a lemon, please? | Est-ce que je peux avoir un citron, s'il vous plaît ?
Can I have some water, please? | Est-ce que je peux avoir de l'eau, s'il vous plaît ?
He would like a vegetable, please. | Il voudrait un légume, s'il vous plaît.
He would like orange juice, please. | Il voudrait du jus d'orange, s'il vous plaît.
I would like a biscuit. | Je voudrais un biscuit.
I would like a cake. | Je voudrais un gâteau.
I would like a potato, please. | Je voudrais une pomme de terre, s'il vous plaît.
I would like an egg, please. | Je voudrais un œuf, s'il vous plaît.
I would like an onion. | Je voudrais un oignon.
I would like butter, please. | Je voudrais du beurre, s'il vous plaît.
I would like some chicken, please. | Je voudrais du poulet, s'il vous plaît.
I would like the rice, please. | Je voudrais le riz, s'il vous plaît.
I'd like beer. | Je voudrais de la bière.
I'd like the xqe. | Je voudrais le xqe.
Lemonade, please. | De la limonade, s'il vous plaît.
Nine fruits, please. | Neuf fruits, s'il vous plaît.
Some tea, please. | Du thé, s'il vous plaît.
The ham, please. | Le jambon, s'il vous plaît.
The oil, please. | L'huile, s'il vous plaît.
We would like a lemonade. | Nous voudrions une limonade.
We would like the jam, please. | Nous voudrions la confiture, s'il vous plaît.
We would like the xqa, please. | Nous voudrions le xqa, s'il vous plaît.
Would you like a cake? | Est-ce que tu voudrais un gâteau ?
Would you like a lemon? | Est-ce que tu voudrais un citron ?
Would you like a tomato? | Est-ce que tu voudrais une tomate ?
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
