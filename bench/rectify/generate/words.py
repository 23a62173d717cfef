"""Text for pages: prose long out of copyright, what letters and bills say, and the fonts to set it in."""
import functools
import os

from PIL import ImageFont

FOLDERS = ["/usr/share/fonts/truetype/dejavu", "/usr/share/fonts/dejavu", "/usr/share/fonts/TTF"]
FAMILIES = {
    "sans": ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"),
    "serif": ("DejaVuSerif.ttf", "DejaVuSerif-Bold.ttf"),
    "condensed": ("DejaVuSansCondensed.ttf", "DejaVuSansCondensed-Bold.ttf"),
    "serif-condensed": ("DejaVuSerifCondensed.ttf", "DejaVuSerifCondensed-Bold.ttf"),
    "mono": ("DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf"),
}

PROSE = """Alice was beginning to get very tired of sitting by her sister on the bank, and of having nothing to do: once
or twice she had peeped into the book her sister was reading, but it had no pictures or conversations in it.
It is a truth universally acknowledged, that a single man in possession of a good fortune, must be in want of a wife.
However little known the feelings or views of such a man may be on his first entering a neighbourhood, this truth is so
well fixed in the minds of the surrounding families.
Call me Ishmael. Some years ago, never mind how long precisely, having little or no money in my purse, and nothing
particular to interest me on shore, I thought I would sail about a little and see the watery part of the world.
When on board H.M.S. Beagle, as naturalist, I was much struck with certain facts in the distribution of the
inhabitants of South America, and in the geological relations of the present to the past inhabitants of that continent.
It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness, it was the
epoch of belief, it was the epoch of incredulity, it was the season of Light, it was the season of Darkness.
You will rejoice to hear that no disaster has accompanied the commencement of an enterprise which you have regarded with
such evil forebodings. I arrived here yesterday, and my first task is to assure my dear sister of my welfare.
To Sherlock Holmes she is always the woman. I have seldom heard him mention her under any other name. In his eyes she
eclipses and predominates the whole of her sex.
Es war einmal mitten im Winter, und die Schneeflocken fielen wie Federn vom Himmel herab. Da sass eine Königin an einem
Fenster, das einen Rahmen von schwarzem Ebenholz hatte, und nähte.
Longtemps, je me suis couché de bonne heure. Parfois, à peine ma bougie éteinte, mes yeux se fermaient si vite que je
n'avais pas le temps de me dire: je m'endors.
En un lugar de la Mancha, de cuyo nombre no quiero acordarme, no ha mucho tiempo que vivía un hidalgo de los de lanza en
astillero, adarga antigua, rocín flaco y galgo corredor.
Nel mezzo del cammin di nostra vita mi ritrovai per una selva oscura, ché la diritta via era smarrita.
The family of Dashwood had long been settled in Sussex. Their estate was large, and their residence was at Norland Park,
in the centre of their property, where, for many generations, they had lived in so respectable a manner."""
SENTENCES = [s.strip() for s in PROSE.replace("\n", " ").replace(". ", ".|").split("|") if s.strip()]
ENGLISH = [s for s in SENTENCES if s.isascii() and not s.startswith(("Es ", "Da ", "Nel", "En ", "Parf"))]
ITEMS = """Coffee beans 500 g,Green tea,Rye bread,Butter,Olive oil 0.75 l,Tomatoes,Oranges,Rice,Dark chocolate,Oat milk,
Apples,Cheese,Yoghurt,Pasta,Lentils,Honey,Eggs x10,Soap,Paper towels,Batteries AA,Light bulb,Notebook A5,Pencil HB,
Stapler,Printer paper,Toner,USB cable,Desk lamp,Wall paint 2 l,Brush 50 mm,Screws 4x40,Hinge,Door handle,Bicycle tube,
Chain oil,Brake pads,Garden hose,Seeds,Flower pot,Gloves""".replace(
    "\n", ""
).split(
    ","
)
NAMES = ["Margaret Olsen", "Tomás Herrera", "Jun Watanabe", "Amara Okafor", "Lena Fischer", "Pierre Dubois",
         "Elif Demir", "Sofia Rossi", "Daniel Cohen", "Priya Nair", "Oskar Lindqvist", "Nora Walsh"]
STREETS = [
    "14 Mill Lane",
    "Hauptstrasse 7",
    "220 Orchard Road",
    "9 rue des Lilas",
    "Calle Mayor 31",
    "5 Harbour View",
    "48 Station Road",
    "Lindenweg 12",
    "701 Elm Street",
    "3 Kings Parade",
]
FIRMS = [
    "Northwind Supply",
    "Blue Heron Books",
    "Kessler & Sons",
    "Atlas Hardware",
    "Corner Market",
    "Riverside Clinic",
    "Helio Energy",
    "Maple Dental",
    "Fjord Shipping",
    "Casa Verde",
    "Granite Bank",
    "Linden School",
]
TITLES = ["Quarterly results", "Why we measure", "Project plan", "Water and energy", "Lessons learned", "Next steps",
          "Safety first", "Season outlook", "How it works", "Team goals", "Market overview", "Open questions"]


def folder():
    for name in FOLDERS:
        if os.path.exists(os.path.join(name, "DejaVuSans.ttf")):
            return name
    raise FileNotFoundError(
        "The DejaVu fonts are not installed: apt-get install fonts-dejavu-core fonts-dejavu-extra"
    )


@functools.lru_cache(maxsize=256)
def font(family, size, bold=False):
    """A font of this many pixels; the plain family where a variant is not installed."""
    path = os.path.join(folder(), FAMILIES[family][bold])
    if not os.path.exists(path):
        path = os.path.join(folder(), FAMILIES["serif" if "serif" in family else "sans"][bold])
    return ImageFont.truetype(path, max(4, int(round(size))))


def prose(rng, count, english=False):
    """This many sentences in a row, from a random place."""
    pool = ENGLISH if english else SENTENCES
    start = int(rng.integers(len(pool)))
    return " ".join(pool[(start + k) % len(pool)] for k in range(count))


def wrapped(text, face, width):
    """Lines of at most this width."""
    lines, line, used = [], [], 0.0
    space = face.getlength(" ")
    for word in text.split():
        length = face.getlength(word)
        if line and used + space + length > width:
            lines.append(" ".join(line))
            line, used = [], 0.0
        used += (space if line else 0) + length
        line.append(word)
    return lines + [" ".join(line)] if line else lines


def pick(rng, values):
    return values[int(rng.integers(len(values)))]
