"""French words with their forms, written out by hand; nothing here knows the grammar's code."""

from starter.bilingual.nouns_by_hand import NOUNS, gender, singular, table

# Infinitive; je, tu, il, nous, vous, ils; past participle; auxiliary.
VERBS = """
acheter: achète achètes achète achetons achetez achètent; acheté; avoir
adorer: adore adores adore adorons adorez adorent; adoré; avoir
aider: aide aides aide aidons aidez aident; aidé; avoir
aimer: aime aimes aime aimons aimez aiment; aimé; avoir
aller: vais vas va allons allez vont; allé; être
appeler: appelle appelles appelle appelons appelez appellent; appelé; avoir
apporter: apporte apportes apporte apportons apportez apportent; apporté; avoir
apprendre: apprends apprends apprend apprenons apprenez apprennent; appris; avoir
arriver: arrive arrives arrive arrivons arrivez arrivent; arrivé; être
s'arrêter: arrête arrêtes arrête arrêtons arrêtez arrêtent; arrêté; être
attendre: attends attends attend attendons attendez attendent; attendu; avoir
avoir: ai as a avons avez ont; eu; avoir
boire: bois bois boit buvons buvez boivent; bu; avoir
casser: casse casses casse cassons cassez cassent; cassé; avoir
chanter: chante chantes chante chantons chantez chantent; chanté; avoir
chercher: cherche cherches cherche cherchons cherchez cherchent; cherché; avoir
choisir: choisis choisis choisit choisissons choisissez choisissent; choisi; avoir
commander: commande commandes commande commandons commandez commandent; commandé; avoir
commencer: commence commences commence commençons commencez commencent; commencé; avoir
comprendre: comprends comprends comprend comprenons comprenez comprennent; compris; avoir
conduire: conduis conduis conduit conduisons conduisez conduisent; conduit; avoir
connaître: connais connais connaît connaissons connaissez connaissent; connu; avoir
se coucher: couche couches couche couchons couchez couchent; couché; être
couper: coupe coupes coupe coupons coupez coupent; coupé; avoir
courir: cours cours court courons courez courent; couru; avoir
coûter: coûte coûtes coûte coûtons coûtez coûtent; coûté; avoir
cuisiner: cuisine cuisines cuisine cuisinons cuisinez cuisinent; cuisiné; avoir
danser: danse danses danse dansons dansez dansent; dansé; avoir
demander: demande demandes demande demandons demandez demandent; demandé; avoir
dessiner: dessine dessines dessine dessinons dessinez dessinent; dessiné; avoir
devoir: dois dois doit devons devez doivent; dû; avoir
donner: donne donnes donne donnons donnez donnent; donné; avoir
dormir: dors dors dort dormons dormez dorment; dormi; avoir
déjeuner: déjeune déjeunes déjeune déjeunons déjeunez déjeunent; déjeuné; avoir
détester: déteste détestes déteste détestons détestez détestent; détesté; avoir
dîner: dîne dînes dîne dînons dînez dînent; dîné; avoir
entendre: entends entends entend entendons entendez entendent; entendu; avoir
envoyer: envoie envoies envoie envoyons envoyez envoient; envoyé; avoir
essayer: essaie essaies essaie essayons essayez essaient; essayé; avoir
expliquer: explique expliques explique expliquons expliquez expliquent; expliqué; avoir
faire: fais fais fait faisons faites font; fait; avoir
fermer: ferme fermes ferme fermons fermez ferment; fermé; avoir
finir: finis finis finit finissons finissez finissent; fini; avoir
fumer: fume fumes fume fumons fumez fument; fumé; avoir
gagner: gagne gagnes gagne gagnons gagnez gagnent; gagné; avoir
s'habiller: habille habilles habille habillons habillez habillent; habillé; être
habiter: habite habites habite habitons habitez habitent; habité; avoir
inviter: invite invites invite invitons invitez invitent; invité; avoir
jouer: joue joues joue jouons jouez jouent; joué; avoir
laver: lave laves lave lavons lavez lavent; lavé; avoir
se lever: lève lèves lève levons levez lèvent; levé; être
lire: lis lis lit lisons lisez lisent; lu; avoir
manger: mange manges mange mangeons mangez mangent; mangé; avoir
marcher: marche marches marche marchons marchez marchent; marché; avoir
mettre: mets mets met mettons mettez mettent; mis; avoir
montrer: montre montres montre montrons montrez montrent; montré; avoir
nager: nage nages nage nageons nagez nagent; nagé; avoir
nettoyer: nettoie nettoies nettoie nettoyons nettoyez nettoient; nettoyé; avoir
oublier: oublie oublies oublie oublions oubliez oublient; oublié; avoir
ouvrir: ouvre ouvres ouvre ouvrons ouvrez ouvrent; ouvert; avoir
parler: parle parles parle parlons parlez parlent; parlé; avoir
partir: pars pars part partons partez partent; parti; être
payer: paie paies paie payons payez paient; payé; avoir
perdre: perds perds perd perdons perdez perdent; perdu; avoir
pleurer: pleure pleures pleure pleurons pleurez pleurent; pleuré; avoir
porter: porte portes porte portons portez portent; porté; avoir
pouvoir: peux peux peut pouvons pouvez peuvent; pu; avoir
prendre: prends prends prend prenons prenez prennent; pris; avoir
préférer: préfère préfères préfère préférons préférez préfèrent; préféré; avoir
préparer: prépare prépares prépare préparons préparez préparent; préparé; avoir
regarder: regarde regardes regarde regardons regardez regardent; regardé; avoir
remercier: remercie remercies remercie remercions remerciez remercient; remercié; avoir
rencontrer: rencontre rencontres rencontre rencontrons rencontrez rencontrent; rencontré; avoir
rendre: rends rends rend rendons rendez rendent; rendu; avoir
rentrer: rentre rentres rentre rentrons rentrez rentrent; rentré; être
se reposer: repose reposes repose reposons reposez reposent; reposé; être
rester: reste restes reste restons restez restent; resté; être
revenir: reviens reviens revient revenons revenez reviennent; revenu; être
réfléchir: réfléchis réfléchis réfléchit réfléchissons réfléchissez réfléchissent; réfléchi; avoir
réparer: répare répares répare réparons réparez réparent; réparé; avoir
répondre: réponds réponds répond répondons répondez répondent; répondu; avoir
répéter: répète répètes répète répétons répétez répètent; répété; avoir
réserver: réserve réserves réserve réservons réservez réservent; réservé; avoir
se réveiller: réveille réveilles réveille réveillons réveillez réveillent; réveillé; être
savoir: sais sais sait savons savez savent; su; avoir
sortir: sors sors sort sortons sortez sortent; sorti; être
travailler: travaille travailles travaille travaillons travaillez travaillent; travaillé; avoir
trouver: trouve trouves trouve trouvons trouvez trouvent; trouvé; avoir
utiliser: utilise utilises utilise utilisons utilisez utilisent; utilisé; avoir
vendre: vends vends vend vendons vendez vendent; vendu; avoir
venir: viens viens vient venons venez viennent; venu; être
visiter: visite visites visite visitons visitez visitent; visité; avoir
voir: vois vois voit voyons voyez voient; vu; avoir
vouloir: veux veux veut voulons voulez veulent; voulu; avoir
voyager: voyage voyages voyage voyageons voyagez voyagent; voyagé; avoir
écouter: écoute écoutes écoute écoutons écoutez écoutent; écouté; avoir
écrire: écris écris écrit écrivons écrivez écrivent; écrit; avoir
étudier: étudie étudies étudie étudions étudiez étudient; étudié; avoir
être: suis es est sommes êtes sont; été; avoir
"""
PLURAL_ALONE = {
    "m": ("parents", "grands-parents", "enfants", "amis", "frères"),
    "f": ("pâtes", "toilettes", "vacances", "dents", "sœurs"),
}
# Masculine, feminine, and both plurals.
ADJECTIVES = """
agréable agréable agréables agréables     allemand allemande allemands allemandes
américain américaine américains américaines     anglais anglaise anglais anglaises
beau belle beaux belles     blanc blanche blancs blanches     bleu bleue bleus bleues
bon bonne bons bonnes     brun brune bruns brunes     calme calme calmes calmes
cassé cassée cassés cassées     chaud chaude chauds chaudes     cher chère chers chères
confortable confortable confortables confortables     content contente contents contentes
court courte courts courtes     célèbre célèbre célèbres célèbres
difficile difficile difficiles difficiles     différent différente différents différentes
drôle drôle drôles drôles     délicieux délicieuse délicieux délicieuses
désolé désolée désolés désolées     ennuyeux ennuyeuse ennuyeux ennuyeuses
ennuyé ennuyée ennuyés ennuyées     espagnol espagnole espagnols espagnoles
excellent excellente excellents excellentes     facile facile faciles faciles
fatigué fatiguée fatigués fatiguées     faux fausse faux fausses     fermé fermée fermés fermées
formidable formidable formidables formidables
fort forte forts fortes     frais fraîche frais fraîches     français française français françaises
froid froide froids froides     fâché fâchée fâchés fâchées     gentil gentille gentils gentilles
grand grande grands grandes     gris grise gris grises
important importante importants importantes
inquiet inquiète inquiets inquiètes     intelligent intelligente intelligents intelligentes
intéressant intéressante intéressants intéressantes     italien italienne italiens italiennes
jaune jaune jaunes jaunes     jeune jeune jeunes jeunes     joli jolie jolis jolies
libre libre libres libres     long longue longs longues     lourd lourde lourds lourdes
léger légère légers légères     malade malade malades malades     marié mariée mariés mariées
mauvais mauvaise mauvais mauvaises     moderne moderne modernes modernes
mouillé mouillée mouillés mouillées     nerveux nerveuse nerveux nerveuses
noir noire noirs noires     nouveau nouvelle nouveaux nouvelles     occupé occupée occupés occupées
ouvert ouverte ouverts ouvertes     paresseux paresseuse paresseux paresseuses
parfait parfaite parfaits parfaites     pauvre pauvre pauvres pauvres
perdu perdue perdus perdues     petit petite petits petites     plein pleine pleins pleines
possible possible possibles possibles     propre propre propres propres     prêt prête prêts prêtes
riche riche riches riches     rond ronde ronds rondes     rose rose roses roses
rouge rouge rouges rouges     sale sale sales sales     salé salée salés salées
seul seule seuls seules     sucré sucrée sucrés sucrées     surpris surprise surpris surprises
triste triste tristes tristes     utile utile utiles utiles     vert verte verts vertes
vide vide vides vides     vieux vieille vieux vieilles     étrange étrange étranges étranges
"""
# Professions are only singular.
PROFESSIONS = """
professeur professeure     médecin médecin     infirmier infirmière     étudiant étudiante
ingénieur ingénieure     boulanger boulangère     avocat avocate     cuisinier cuisinière
chanteur chanteuse     serveur serveuse     * serveuse     agriculteur agricultrice
journaliste journaliste     dentiste dentiste     artiste artiste     chauffeur chauffeur
secrétaire secrétaire     musicien musicienne
"""
BEFORE_VOWELS = {"nouveau": "nouvel", "vieux": "vieil", "beau": "bel"}


GENDERS = {
    each: {singular(row): row[4] for row in table(NOUNS) if gender(row) == each} for each in "mf"
}


def rows(table: str, width: int) -> list[list[str]]:
    said = table.split()
    return [said[start : start + width] for start in range(0, len(said), width)]
