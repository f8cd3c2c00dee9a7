"""English verbs of the lexicon, with their French, against forms written out by hand."""

import pytest

from fledge.starter.bilingual.lexicon import lexicon
from starter.bilingual.by_hand import table

# Base, third person, progressive, past, participle; French.
VERBS = """
eat; eats; eating; ate; eaten; manger
drink; drinks; drinking; drank; drunk; boire
buy; buys; buying; bought; bought; acheter
read; reads; reading; read; read; lire
write; writes; writing; wrote; written; écrire
see; sees; seeing; saw; seen; voir
look for; looks for; looking for; looked for; looked for; chercher
wait for; waits for; waiting for; waited for; waited for; attendre
find; finds; finding; found; found; trouver
lose; loses; losing; lost; lost; perdre
want; wants; wanting; wanted; wanted; vouloir
have; has; having; had; had; avoir
take; takes; taking; took; taken; prendre
know; knows; knowing; knew; known; connaître
understand; understands; understanding; understood; understood; comprendre
speak; speaks; speaking; spoke; spoken; parler
learn; learns; learning; learned; learned; apprendre
study; studies; studying; studied; studied; étudier
watch; watches; watching; watched; watched; regarder
listen to; listens to; listening to; listened to; listened to; écouter
do; does; doing; did; done; faire
make; makes; making; made; made; faire
play; plays; playing; played; played; jouer
open; opens; opening; opened; opened; ouvrir
visit; visits; visiting; visited; visited; visiter
call; calls; calling; called; called; appeler
help; helps; helping; helped; helped; aider
sleep; sleeps; sleeping; slept; slept; dormir
work; works; working; worked; worked; travailler
live; lives; living; lived; lived; habiter
arrive; arrives; arriving; arrived; arrived; arriver
leave; leaves; leaving; left; left; partir
go out; goes out; going out; went out; gone out; sortir
come; comes; coming; came; come; venir
go; goes; going; went; gone; aller
go home; goes home; going home; went home; gone home; rentrer à la maison
get up; gets up; getting up; got up; got up; se lever
go; goes; going; went; been; aller
look at; looks at; looking at; looked at; looked at; regarder
sell; sells; selling; sold; sold; vendre
talk; talks; talking; talked; talked; parler
cook; cooks; cooking; cooked; cooked; cuisiner
prepare; prepares; preparing; prepared; prepared; préparer
close; closes; closing; closed; closed; fermer
pay for; pays for; paying for; paid for; paid for; payer
order; orders; ordering; ordered; ordered; commander
visit; visits; visiting; visited; visited; rendre visite
give; gives; giving; gave; given; donner
pay; pays; paying; paid; paid; payer
talk to; talks to; talking to; talked to; talked to; parler
speak to; speaks to; speaking to; spoke to; spoken to; parler
meet; meets; meeting; met; met; rencontrer
invite; invites; inviting; invited; invited; inviter
clean; cleans; cleaning; cleaned; cleaned; nettoyer
wash; washes; washing; washed; washed; laver
wear; wears; wearing; wore; worn; porter
forget; forgets; forgetting; forgot; forgotten; oublier
bring; brings; bringing; brought; brought; apporter
send; sends; sending; sent; sent; envoyer
sing; sings; singing; sang; sung; chanter
dance; dances; dancing; danced; danced; danser
swim; swims; swimming; swam; swum; nager
run; runs; running; ran; run; courir
walk; walks; walking; walked; walked; marcher
stay; stays; staying; stayed; stayed; rester
come back; comes back; coming back; came back; come back; revenir
come home; comes home; coming home; came home; come home; rentrer à la maison
wake up; wakes up; waking up; woke up; woken up; se réveiller
go to bed; goes to bed; going to bed; went to bed; gone to bed; se coucher
rest; rests; resting; rested; rested; se reposer
travel; travels; travelling; travelled; travelled; voyager
smoke; smokes; smoking; smoked; smoked; fumer
cry; cries; crying; cried; cried; pleurer
start; starts; starting; started; started; commencer
begin; begins; beginning; began; begun; commencer
finish; finishes; finishing; finished; finished; finir
have breakfast; has breakfast; having breakfast; had breakfast; had breakfast; prendre le petit déjeuner
have lunch; has lunch; having lunch; had lunch; had lunch; déjeuner
have dinner; has dinner; having dinner; had dinner; had dinner; dîner
go shopping; goes shopping; going shopping; went shopping; gone shopping; faire les courses
do the shopping; does the shopping; doing the shopping; did the shopping; done the shopping; faire les courses
hear; hears; hearing; heard; heard; entendre
choose; chooses; choosing; chose; chosen; choisir
answer; answers; answering; answered; answered; répondre
drive; drives; driving; drove; driven; conduire
draw; draws; drawing; drew; drawn; dessiner
repair; repairs; repairing; repaired; repaired; réparer
use; uses; using; used; used; utiliser
break; breaks; breaking; broke; broken; casser
cut; cuts; cutting; cut; cut; couper
thank; thanks; thanking; thanked; thanked; remercier
explain; explains; explaining; explained; explained; expliquer
repeat; repeats; repeating; repeated; repeated; répéter
book; books; booking; booked; booked; réserver
try; tries; trying; tried; tried; essayer
show; shows; showing; showed; shown; montrer
win; wins; winning; won; won; gagner
think; thinks; thinking; thought; thought; réfléchir
carry; carries; carrying; carried; carried; porter
ask; asks; asking; asked; asked; demander
stop; stops; stopping; stopped; stopped; s'arrêter
get dressed; gets dressed; getting dressed; got dressed; got dressed; s'habiller
have; has; having; had; had; prendre
put on; puts on; putting on; put on; put on; mettre
get on; gets on; getting on; got on; got on; prendre
"""  # noqa: E501
BY_HAND = table(VERBS)
LEXICON = {
    (verb.english.base, verb.french, verb.english.participle): verb for verb in lexicon().all_verbs
}


@pytest.mark.parametrize("row", BY_HAND, ids=lambda row: f"{row[0]}-{row[-1]}")
def test_a_verb_has_the_forms_written_by_hand(row):
    base, third, progressive, past, participle, french = row
    forms = LEXICON[base, french, participle].english
    found = (forms.base, forms.third, forms.progressive, forms.past, forms.participle)
    assert found == (base, third, progressive, past, participle)


def test_every_verb_of_the_lexicon_is_in_the_table():
    assert {(row[0], row[5], row[4]) for row in BY_HAND} == LEXICON.keys()


def test_verbs_of_state_have_no_progressive():
    states = {verb.english.base for verb in lexicon().all_verbs if verb.is_state}
    assert states == {"see", "want", "have", "know", "understand", "hear"}
