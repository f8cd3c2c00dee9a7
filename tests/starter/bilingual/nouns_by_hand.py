"""French nouns with their little words, written out by hand."""

import re

# Nouns with the, this, my and of the, and their plural.
NOUNS = """
l'adresse; cette adresse; mon adresse; de l'adresse; adresses
l'aide; cette aide; mon aide; de l'aide; aides
l'ami; cet ami; mon ami; de l'ami; amis
l'animal; cet animal; mon animal; de l'animal; animaux
l'anniversaire; cet anniversaire; mon anniversaire; de l'anniversaire; anniversaires
l'appareil photo; cet appareil photo; mon appareil photo; de l'appareil photo; appareils photo
l'appartement; cet appartement; mon appartement; de l'appartement; appartements
l'arbre; cet arbre; mon arbre; de l'arbre; arbres
l'argent; cet argent; mon argent; de l'argent; argents
l'arrêt de bus; cet arrêt de bus; mon arrêt de bus; de l'arrêt de bus; arrêts de bus
l'assiette; cette assiette; mon assiette; de l'assiette; assiettes
l'avion; cet avion; mon avion; de l'avion; avions
l'aéroport; cet aéroport; mon aéroport; de l'aéroport; aéroports
la bague; cette bague; ma bague; de la bague; bagues
le ballon; ce ballon; mon ballon; du ballon; ballons
la banane; cette banane; ma banane; de la banane; bananes
la banque; cette banque; ma banque; de la banque; banques
le bateau; ce bateau; mon bateau; du bateau; bateaux
le beurre; ce beurre; mon beurre; du beurre; beurres
la bibliothèque; cette bibliothèque; ma bibliothèque; de la bibliothèque; bibliothèques
le billet; ce billet; mon billet; du billet; billets
le biscuit; ce biscuit; mon biscuit; du biscuit; biscuits
la bière; cette bière; ma bière; de la bière; bières
la boisson; cette boisson; ma boisson; de la boisson; boissons
la botte; cette botte; ma botte; de la botte; bottes
la boulangerie; cette boulangerie; ma boulangerie; de la boulangerie; boulangeries
la bouteille; cette bouteille; ma bouteille; de la bouteille; bouteilles
la boîte; cette boîte; ma boîte; de la boîte; boîtes
le bras; ce bras; mon bras; du bras; bras
le bureau; ce bureau; mon bureau; du bureau; bureaux
le bus; ce bus; mon bus; du bus; bus
le bébé; ce bébé; mon bébé; du bébé; bébés
le bœuf; ce bœuf; mon bœuf; du bœuf; bœufs
le cadeau; ce cadeau; mon cadeau; du cadeau; cadeaux
le café; ce café; mon café; du café; cafés
le cahier; ce cahier; mon cahier; du cahier; cahiers
la carotte; cette carotte; ma carotte; de la carotte; carottes
la carte; cette carte; ma carte; de la carte; cartes
la ceinture; cette ceinture; ma ceinture; de la ceinture; ceintures
le centre-ville; ce centre-ville; mon centre-ville; du centre-ville; centres-villes
la chaise; cette chaise; ma chaise; de la chaise; chaises
la chambre; cette chambre; ma chambre; de la chambre; chambres
la chanson; cette chanson; ma chanson; de la chanson; chansons
le chapeau; ce chapeau; mon chapeau; du chapeau; chapeaux
le chat; ce chat; mon chat; du chat; chats
la chaussette; cette chaussette; ma chaussette; de la chaussette; chaussettes
la chaussure; cette chaussure; ma chaussure; de la chaussure; chaussures
la chemise; cette chemise; ma chemise; de la chemise; chemises
le cheval; ce cheval; mon cheval; du cheval; chevaux
le chien; ce chien; mon chien; du chien; chiens
le chocolat; ce chocolat; mon chocolat; du chocolat; chocolats
le château; ce château; mon château; du château; châteaux
le cinéma; ce cinéma; mon cinéma; du cinéma; cinémas
le citron; ce citron; mon citron; du citron; citrons
la clé; cette clé; ma clé; de la clé; clés
le collègue; ce collègue; mon collègue; du collègue; collègues
le concert; ce concert; mon concert; du concert; concerts
la confiture; cette confiture; ma confiture; de la confiture; confitures
la couleur; cette couleur; ma couleur; de la couleur; couleurs
le cours; ce cours; mon cours; du cours; cours
le cousin; ce cousin; mon cousin; du cousin; cousins
le couteau; ce couteau; mon couteau; du couteau; couteaux
la cravate; cette cravate; ma cravate; de la cravate; cravates
le crayon; ce crayon; mon crayon; du crayon; crayons
le croissant; ce croissant; mon croissant; du croissant; croissants
la cuillère; cette cuillère; ma cuillère; de la cuillère; cuillères
la cuisine; cette cuisine; ma cuisine; de la cuisine; cuisines
la dame; cette dame; ma dame; de la dame; dames
le dessert; ce dessert; mon dessert; du dessert; desserts
le dictionnaire; ce dictionnaire; mon dictionnaire; du dictionnaire; dictionnaires
le dos; ce dos; mon dos; du dos; dos
le déjeuner; ce déjeuner; mon déjeuner; du déjeuner; déjeuners
le dîner; ce dîner; mon dîner; du dîner; dîners
l'e-mail; cet e-mail; mon e-mail; de l'e-mail; e-mails
l'eau; cette eau; mon eau; de l'eau; eaux
l'emploi; cet emploi; mon emploi; de l'emploi; emplois
l'enfant; cet enfant; mon enfant; de l'enfant; enfants
l'entrée; cette entrée; mon entrée; de l'entrée; entrées
l'examen; cet examen; mon examen; de l'examen; examens
l'exercice; cet exercice; mon exercice; de l'exercice; exercices
la famille; cette famille; ma famille; de la famille; familles
la femme; cette femme; ma femme; de la femme; femmes
la fenêtre; cette fenêtre; ma fenêtre; de la fenêtre; fenêtres
la ferme; cette ferme; ma ferme; de la ferme; fermes
la fille; cette fille; ma fille; de la fille; filles
le film; ce film; mon film; du film; films
le fils; ce fils; mon fils; du fils; fils
la fleur; cette fleur; ma fleur; de la fleur; fleurs
le football; ce football; mon football; du football; footballs
la fourchette; cette fourchette; ma fourchette; de la fourchette; fourchettes
la fraise; cette fraise; ma fraise; de la fraise; fraises
le fromage; ce fromage; mon fromage; du fromage; fromages
le fruit; ce fruit; mon fruit; du fruit; fruits
le frère; ce frère; mon frère; du frère; frères
la fête; cette fête; ma fête; de la fête; fêtes
le gant; ce gant; mon gant; du gant; gants
la gare; cette gare; ma gare; de la gare; gares
le garçon; ce garçon; mon garçon; du garçon; garçons
le genou; ce genou; mon genou; du genou; genoux
la glace; cette glace; ma glace; de la glace; glaces
la gorge; cette gorge; ma gorge; de la gorge; gorges
la grand-mère; cette grand-mère; ma grand-mère; de la grand-mère; grands-mères
le grand-père; ce grand-père; mon grand-père; du grand-père; grands-pères
la guitare; cette guitare; ma guitare; de la guitare; guitares
le gâteau; ce gâteau; mon gâteau; du gâteau; gâteaux
l'histoire; cette histoire; mon histoire; de l'histoire; histoires
l'hiver; cet hiver; mon hiver; de l'hiver; hivers
l'homme; cet homme; mon homme; de l'homme; hommes
l'horloge; cette horloge; mon horloge; de l'horloge; horloges
l'huile; cette huile; mon huile; de l'huile; huiles
l'hôpital; cet hôpital; mon hôpital; de l'hôpital; hôpitaux
l'hôtel; cet hôtel; mon hôtel; de l'hôtel; hôtels
l'idée; cette idée; mon idée; de l'idée; idées
l'image; cette image; mon image; de l'image; images
l'infirmière; cette infirmière; mon infirmière; de l'infirmière; infirmières
la jambe; cette jambe; ma jambe; de la jambe; jambes
le jambon; ce jambon; mon jambon; du jambon; jambons
le jardin; ce jardin; mon jardin; du jardin; jardins
le jouet; ce jouet; mon jouet; du jouet; jouets
le jour; ce jour; mon jour; du jour; jours
le journal; ce journal; mon journal; du journal; journaux
la journée; cette journée; ma journée; de la journée; journées
la jupe; cette jupe; ma jupe; de la jupe; jupes
le jus; ce jus; mon jus; du jus; jus
le jus d'orange; ce jus d'orange; mon jus d'orange; du jus d'orange; jus d'orange
le jus de pomme; ce jus de pomme; mon jus de pomme; du jus de pomme; jus de pomme
le kilo; ce kilo; mon kilo; du kilo; kilos
le lac; ce lac; mon lac; du lac; lacs
le lait; ce lait; mon lait; du lait; laits
la lampe; cette lampe; ma lampe; de la lampe; lampes
le lapin; ce lapin; mon lapin; du lapin; lapins
la lettre; cette lettre; ma lettre; de la lettre; lettres
la leçon; cette leçon; ma leçon; de la leçon; leçons
la librairie; cette librairie; ma librairie; de la librairie; librairies
la limonade; cette limonade; ma limonade; de la limonade; limonades
le lit; ce lit; mon lit; du lit; lits
le litre; ce litre; mon litre; du litre; litres
le livre; ce livre; mon livre; du livre; livres
le légume; ce légume; mon légume; du légume; légumes
le magasin; ce magasin; mon magasin; du magasin; magasins
le magazine; ce magazine; mon magazine; du magazine; magazines
la main; cette main; ma main; de la main; mains
la mairie; cette mairie; ma mairie; de la mairie; mairies
la maison; cette maison; ma maison; de la maison; maisons
la maman; cette maman; ma maman; de la maman; mamans
le manteau; ce manteau; mon manteau; du manteau; manteaux
le marché; ce marché; mon marché; du marché; marchés
le mari; ce mari; mon mari; du mari; maris
le match; ce match; mon match; du match; matchs
la matière; cette matière; ma matière; de la matière; matières
la mer; cette mer; ma mer; de la mer; mers
le message; ce message; mon message; du message; messages
le miel; ce miel; mon miel; du miel; miels
la montre; cette montre; ma montre; de la montre; montres
le morceau; ce morceau; mon morceau; du morceau; morceaux
le mot; ce mot; mon mot; du mot; mots
le mouton; ce mouton; mon mouton; du mouton; moutons
la musique; cette musique; ma musique; de la musique; musiques
le musée; ce musée; mon musée; du musée; musées
la mère; cette mère; ma mère; de la mère; mères
le médecin; ce médecin; mon médecin; du médecin; médecins
la nationalité; cette nationalité; ma nationalité; de la nationalité; nationalités
la neige; cette neige; ma neige; de la neige; neiges
le nom de famille; ce nom de famille; mon nom de famille; du nom de famille; noms de famille
le numéro de téléphone; ce numéro de téléphone; mon numéro de téléphone; du numéro de téléphone; numéros de téléphone
l'oignon; cet oignon; mon oignon; de l'oignon; oignons
l'oiseau; cet oiseau; mon oiseau; de l'oiseau; oiseaux
l'omelette; cette omelette; mon omelette; de l'omelette; omelettes
l'oncle; cet oncle; mon oncle; de l'oncle; oncles
l'orange; cette orange; mon orange; de l'orange; oranges
l'ordinateur; cet ordinateur; mon ordinateur; de l'ordinateur; ordinateurs
le pain; ce pain; mon pain; du pain; pains
le papa; ce papa; mon papa; du papa; papas
le papier; ce papier; mon papier; du papier; papiers
le parapluie; ce parapluie; mon parapluie; du parapluie; parapluies
le parc; ce parc; mon parc; du parc; parcs
le parking; ce parking; mon parking; du parking; parkings
le passeport; ce passeport; mon passeport; du passeport; passeports
le patron; ce patron; mon patron; du patron; patrons
la personne; cette personne; ma personne; de la personne; personnes
la petite amie; cette petite amie; ma petite amie; de la petite amie; petites amies
la pharmacie; cette pharmacie; ma pharmacie; de la pharmacie; pharmacies
la photo; cette photo; ma photo; de la photo; photos
la phrase; cette phrase; ma phrase; de la phrase; phrases
le pied; ce pied; mon pied; du pied; pieds
la piscine; cette piscine; ma piscine; de la piscine; piscines
la pizza; cette pizza; ma pizza; de la pizza; pizzas
la place; cette place; ma place; de la place; places
la pluie; cette pluie; ma pluie; de la pluie; pluies
la plage; cette plage; ma plage; de la plage; plages
le plat; ce plat; mon plat; du plat; plats
la poire; cette poire; ma poire; de la poire; poires
le poisson; ce poisson; mon poisson; du poisson; poissons
le policier; ce policier; mon policier; du policier; policiers
la pomme; cette pomme; ma pomme; de la pomme; pommes
la pomme de terre; cette pomme de terre; ma pomme de terre; de la pomme de terre; pommes de terre
le pont; ce pont; mon pont; du pont; ponts
le porc; ce porc; mon porc; du porc; porcs
la porte; cette porte; ma porte; de la porte; portes
le portefeuille; ce portefeuille; mon portefeuille; du portefeuille; portefeuilles
la poste; cette poste; ma poste; de la poste; postes
le poulet; ce poulet; mon poulet; du poulet; poulets
le poème; ce poème; mon poème; du poème; poèmes
le problème; ce problème; mon problème; du problème; problèmes
le professeur; ce professeur; mon professeur; du professeur; professeurs
la profession; cette profession; ma profession; de la profession; professions
la promenade; cette promenade; ma promenade; de la promenade; promenades
le pull; ce pull; mon pull; du pull; pulls
le père; ce père; mon père; du père; pères
la question; cette question; ma question; de la question; questions
la radio; cette radio; ma radio; de la radio; radios
le rendez-vous; ce rendez-vous; mon rendez-vous; du rendez-vous; rendez-vous
le restaurant; ce restaurant; mon restaurant; du restaurant; restaurants
la rivière; cette rivière; ma rivière; de la rivière; rivières
le riz; ce riz; mon riz; du riz; riz
la robe; cette robe; ma robe; de la robe; robes
la rue; cette rue; ma rue; de la rue; rues
la réponse; cette réponse; ma réponse; de la réponse; réponses
la réservation; cette réservation; ma réservation; de la réservation; réservations
la réunion; cette réunion; ma réunion; de la réunion; réunions
le sac; ce sac; mon sac; du sac; sacs
la salade; cette salade; ma salade; de la salade; salades
la salle de bains; cette salle de bains; ma salle de bains; de la salle de bains; salles de bains
le sandwich; ce sandwich; mon sandwich; du sandwich; sandwichs
le sel; ce sel; mon sel; du sel; sels
le serveur; ce serveur; mon serveur; du serveur; serveurs
la soirée; cette soirée; ma soirée; de la soirée; soirées
la sortie; cette sortie; ma sortie; de la sortie; sorties
la soupe; cette soupe; ma soupe; de la soupe; soupes
la souris; cette souris; ma souris; de la souris; souris
le sport; ce sport; mon sport; du sport; sports
le stade; ce stade; mon stade; du stade; stades
le stylo; ce stylo; mon stylo; du stylo; stylos
le sucre; ce sucre; mon sucre; du sucre; sucres
le supermarché; ce supermarché; mon supermarché; du supermarché; supermarchés
la sœur; cette sœur; ma sœur; de la sœur; sœurs
le t-shirt; ce t-shirt; mon t-shirt; du t-shirt; t-shirts
la table; cette table; ma table; de la table; tables
la tante; cette tante; ma tante; de la tante; tantes
la tasse; cette tasse; ma tasse; de la tasse; tasses
le taxi; ce taxi; mon taxi; du taxi; taxis
le temps; ce temps; mon temps; du temps; temps
le texte; ce texte; mon texte; du texte; textes
le thé; ce thé; mon thé; du thé; thés
le théâtre; ce théâtre; mon théâtre; du théâtre; théâtres
la tomate; cette tomate; ma tomate; de la tomate; tomates
le train; ce train; mon train; du train; trains
le travail; ce travail; mon travail; du travail; travaux
le téléphone; ce téléphone; mon téléphone; du téléphone; téléphones
la télévision; cette télévision; ma télévision; de la télévision; télévisions
la tête; cette tête; ma tête; de la tête; têtes
l'université; cette université; mon université; de l'université; universités
la vache; cette vache; ma vache; de la vache; vaches
la valise; cette valise; ma valise; de la valise; valises
le ventre; ce ventre; mon ventre; du ventre; ventres
le verre; ce verre; mon verre; du verre; verres
la veste; cette veste; ma veste; de la veste; vestes
la viande; cette viande; ma viande; de la viande; viandes
le village; ce village; mon village; du village; villages
la ville; cette ville; ma ville; de la ville; villes
le vin; ce vin; mon vin; du vin; vins
le voisin; ce voisin; mon voisin; du voisin; voisins
la voiture; cette voiture; ma voiture; de la voiture; voitures
le voyage; ce voyage; mon voyage; du voyage; voyages
le vélo; ce vélo; mon vélo; du vélo; vélos
le week-end; ce week-end; mon week-end; du week-end; week-ends
l'écharpe; cette écharpe; mon écharpe; de l'écharpe; écharpes
l'école; cette école; mon école; de l'école; écoles
l'église; cette église; mon église; de l'église; églises
l'émission; cette émission; mon émission; de l'émission; émissions
l'étudiant; cet étudiant; mon étudiant; de l'étudiant; étudiants
l'été; cet été; mon été; de l'été; étés
l'œuf; cet œuf; mon œuf; de l'œuf; œufs
"""  # noqa: E501


def table(text: str) -> list[list[str]]:
    """Rows of a table whose columns are parted by semicolons."""
    return [line.split("; ") for line in text.strip().splitlines()]


def gender(row: list[str]) -> str:
    """The gender of a noun, by its demonstrative."""
    return "f" if row[1].startswith("cette ") else "m"


def singular(row: list[str]) -> str:
    """A noun without its article."""
    return re.sub(r"^(?:le |la |l')", "", row[0])
