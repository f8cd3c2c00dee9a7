"""The words that fill the slots of the starter pack."""


def listed(text: str) -> tuple[str, ...]:
    """Return the words of a text, in their order."""
    return tuple(text.split())


# Few enough that a small model meets each of them hundreds of times.
NAMES = listed(
    """Anna Ben Carla David Emma Felix Grace Henry Ida Jack Kate Leo Maria Noah Olga Paul Rosa Sam
    Tina Victor Wendy Adam Bella Chris Diana Erik Fiona George Hannah Ivan Julia Karl Laura Martin
    Nina Oscar Petra Robert Sara Tom"""
)

ITEMS = listed(
    """lamp chair kettle jacket book phone camera table mirror bicycle clock blanket guitar watch
    carpet toaster pillow laptop printer radio basket suitcase ladder hammer vase scarf helmet
    candle teapot backpack drill speaker keyboard sofa curtain hat coat wallet pen globe"""
)

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

MONTHS = listed(
    """January February March April May June July August September October November
    December"""
)

NUMBERS = listed(
    """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
    fifteen sixteen seventeen eighteen nineteen twenty"""
)

# For games with letters: every word has three to five of them.
SHORT_WORDS = listed(
    """cat dog sun map tree bird fish milk door rain snow star moon hand foot nose book lamp ship
    boat road hill lake sand gold iron wood rock leaf root seed corn rice cake soup salt meat bean
    plum pear lime fig nut bee ant owl fox wolf bear deer goat lamb duck swan frog toad crab seal
    lion horse mouse snake tiger zebra eagle robin apple peach grape lemon melon bread toast sugar
    honey spoon knife plate glass chair table couch clock watch radio phone piano flute drum bell
    song dance dream sleep night light cloud storm wind river ocean beach stone metal paper ink
    pen desk room wall roof floor house home farm barn park shop bank town city coin key lock rope
    knot chain wheel train plane truck car bus bike kite ball game card dice king queen coat sock
    shoe hat belt ring scarf shirt dress glove green blue red pink brown black white grey
    cold warm hot ice fire smoke heat dust mud clay dark soft hard fast slow tall short big tiny
    old new young kind brave calm happy sad angry funny silly proud quiet loud clean dirty sweet
    sour salty fresh ripe raw dry wet deep wide long thin thick round flat sharp blunt north south
    east west left right down one two three four five six seven eight nine ten hope love luck
    fear joy time year week day hour month fact idea plan task work play rest stop start wait walk
    jump run swim climb ride drive fly sing draw paint write read spell count cook bake wash brush
    sweep build mend break cut open close push pull lift drop throw catch hold give take send
    bring carry find lose seek hide show tell ask call talk laugh smile cry"""
)
