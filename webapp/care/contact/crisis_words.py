"""Words of self-harm and crisis, in English and Spanish (rule 16). Wide on purpose: a false alarm costs a call, a miss may cost a life.

For clinicians to read and add to: one expression a line, as people say it. A star stands for any ending (`suicid*`). Case, accents,
apostrophes, punctuation, doubled letters, `u` and `ur`, digits and signs written for letters (`su1cide`, `k*ll`), letters written
one by one, and words such as *just* or *really* in between make no difference. Pure: the standard library.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from webapp.care.contact.plain_words import letter_by_letter, plain, without_reaction

ENGLISH = """
suicid*
sucid*
suisid*
suacid*
unalive*
sewer slide
sewerslide
self harm*
selfharm*
self injur*
self destruct*
kill myself
killing myself
killed myself
kill me
kill yourself
kys
killing me inside
kms
end my life
ending my life
end my own life
end it all
ending it all
end it tonight
end it now
end things tonight
end myself
end me
take my life
taking my life
take my own life
taking my own life
took my own life
hurt myself
hurting myself
hurt my self again
harm myself
harming myself
cut myself
cutting myself
been cutting
started cutting
cutting again
burn myself
burning myself
starve myself
hang myself
hanging myself
shoot myself
shooting myself
drown myself
drowning myself
stab myself
poison myself
gas myself
slit my
slash my wrists
jump off
jumping off
jump in front
jump from
jump out of the window
in front of a train
in front of a car
drive off the
crash my car on purpose
noose
loaded gun
got a gun
have a gun
bought a gun
gun to my head
gun in my mouth
want to die
wanting to die
wants to die
ready to die
going to die
let me die
rather die
rather be dead
hope i die
going to kill
want to be dead
wish i was dead
wish i were dead
wish i could die
wish i was never born
wish i had never been born
better off dead
better off without me
better without me
world without me
life without me in it
dont want to live
dont want to be alive
dont want to be here
dont want to be around
dont want to exist
dont want to wake up
dont want to keep living
dont want to go on
not want to be here
not want to live
not want to be alive
do not see a future
dont see a future
never wake up
not wake up
go to sleep and not wake up
go to sleep forever
sleep forever
stop existing
stop living
stop being alive
want to disappear
want to be gone
want it to be over
want it all to end
want it to end
want this to end
make it all stop
make the pain stop
make the pain go away
end the pain
end this pain
end my pain
end my suffering
no reason to live
no reason to go on
no reason to be here
nothing to live for
nothing left to live for
nothing left for me
no point in living
no point living
no point in going on
no point going on
no point in being here
no point anymore
whats the point of living
what is the point of living
life is not worth
life isnt worth
lifes not worth
not worth living
not worth it anymore
tired of living
tired of life
tired of being alive
sick of living
done living
done with life
done with this life
done with everything
i am done with it all
cant go on
cant keep going
cant do this anymore
cant do it anymore
cant take it anymore
cant take this anymore
cant take any more
cant live like this
cant live anymore
cant live with myself
cant be here anymore
cant hold on
giving up on life
give up on life
giving up on everything
give up on everything
give up on myself
i give up
i gave up
i am giving up
want to give up
ready to give up
about to give up
why go on
why should i go on
why keep going
why do i keep going
why even try
why am i even here
whats the point anymore
what is the point anymore
whats the point of going on
what is the point of going on
tired of everything
sick of everything
fed up with everything
fed up with life
hate myself
hating myself
hate my life
hate being alive
i am worthless
feel worthless
i am a burden
i am such a burden
burden to everyone
burden on everyone
no one would miss me
nobody would miss me
no one will miss me
nobody will miss me
no one would care if i
nobody would care if i
no hope
lost all hope
hopeless
say goodbye to everyone
saying goodbye to everyone
said my goodbyes
this is goodbye
goodbye forever
goodbye everyone
goodbye everybody
goodbye world
goodbye cruel world
bye forever
farewell everyone
final goodbye
goodbye note
goodbye letter
by the time you read this
wont be here tomorrow
wont be here anymore
wont be around much longer
you wont see me again
wont bother you anymore
overdos*
over dose
over dosed
od on
od tonight
oded
i od'd
he od'd
she od'd
od'd on
od'd again
od'd last
almost od'd
took all my pills
took all of my pills
took all the pills
took all my meds
took too many
took a bunch of pills
took a whole bottle
taken all my pills
take all my pills
take all the pills
taking all my pills
swallow all
swallowed all
swallowed a bottle
all my pills
bottle of pills
handful of pills
drank bleach
drink bleach
not safe
dont feel safe
dont trust myself
not feeling safe
scared of what i might do
afraid of what i might do
scared of myself
scared i will do something
might do something
do something bad to myself
do something stupid
hurt someone
hurting someone
hurt somebody
hurt other people
kill someone
kill somebody
kill him
kill her
kill them
kill everyone
in crisis
having a crisis
mental breakdown
crisis line
lifeline
call 988
need help right now
need help now
"""

SPANISH = """
suicid*
autolesi*
auto lesi*
matarme
me mato
me voy a matar
me quiero matar
me quisiera matar
me mataria
quitarme la vida
quitarse la vida
quitarme mi vida
me quito la vida
me voy a quitar la vida
acabar con mi vida
acabar con todo
acabar con esto para siempre
terminar con mi vida
terminar con todo
ponerle fin a mi vida
poner fin a mi vida
no quiero vivir
no quiero seguir viviendo
no quiero seguir viva
no quiero seguir vivo
no quiero estar viva
no quiero estar vivo
no quiero estar aqui
no quiero existir
no quiero despertar
no despertar
no volver a despertar
dormir para siempre
quiero morir*
quisiera morir*
me quiero morir
me quisiera morir
ganas de morir*
deseo morir*
prefiero morir*
prefiero estar muert*
ojala me muera
ojala me muriera
ojala estuviera muert*
ojala no despierte
estar muert*
mejor muert*
mejor sin mi
desaparecer
hacerme daño
me hago daño
me hice daño
me voy a hacer daño
lastimarme
me lastimo
me lastimé
me voy a lastimar
cortarme
me corto
me corté
me estoy cortando
quemarme
ahorcarme
me ahorco
colgarme
dispararme
pegarme un tiro
darme un tiro
envenenarme
ahogarme
tirarme de
tirarme al
aventarme
lanzarme de
arrojarme
cortarme las venas
sobredosis
sobre dosis
todas las pastillas
todas mis pastillas
muchas pastillas
un monton de pastillas
frasco de pastillas
me tomé todo el frasco
tengo una pistola
tengo un arma
no puedo mas
no pude mas
no podia mas
no puedo seguir
no pude seguir
no puedo con todo
no puedo con la vida
para que seguir
para que sigo
para que vivir
para que vivo
no quiero seguir
ya no quiero nada
me rindo
me doy por vencid*
ya no aguanto
no aguanto mas
no aguante mas
no soporto mas
no le veo sentido
no tiene sentido vivir
vivir no tiene sentido
la vida no vale
no vale la pena vivir
sin ganas de vivir
no tengo ganas de vivir
perdí las ganas de vivir
razon para vivir
razones para vivir
cansad* de vivir
hart* de vivir
harta de la vida
harto de la vida
hart* de todo
hart* de mi
hart* de esta vida
cansad* de todo
cansad* de la vida
cansad* de esta vida
me odio
odio mi vida
me doy asco
no valgo nada
no sirvo para nada
soy una carga
soy un estorbo
nadie me extrañaria
nadie me va a extrañar
sin esperanza
no hay esperanza
no tengo esperanza
despedirme de todos
despedirme de todas
carta de despedida
adios para siempre
adios a todos
adios a todas
adios mundo
adios mundo cruel
cuando leas esto
no me volveran a ver
no voy a estar aqui mañana
no me siento segura
no me siento seguro
no estoy segura conmigo
no estoy a salvo
tengo miedo de lo que pueda hacer
miedo de hacerme
hacer una locura
hacer una tontería
lastimar a alguien
hacerle daño a alguien
matar a alguien
voy a matar
en crisis
tengo una crisis
linea de crisis
necesito ayuda ya
necesito ayuda ahora
necesito ayuda urgente
"""

EVEN_WITHOUT_SPACES = """
suicid
killmyself
killmysel
endmylife
takemylife
hurtmyself
wanttodie
selfharm
overdose
quitarmelavida
acabarconmivida
noquierovivir
mequieromatar
sobredosis
"""
"""Found also where spaces stand in the wrong places or nowhere."""

SAME = {
    "my self": "myself", "my slef": "myself", "myslef": "myself", "mysef": "myself", "mself": "myself",
    "meself": "myself", "myselves": "myself", "mi self": "myself", "wanna": "want to", "wana": "want to",
    "want 2": "want to", "wanting 2": "wanting to", "gonna": "going to", "gunna": "going to", "going 2": "going to",
    "ready 2": "ready to", "do not": "dont", "donot": "dont", "did not": "dont", "didnt": "dont", "does not": "dont",
    "doesnt": "dont", "dnt": "dont", "cannot": "cant", "can not": "cant", "cnt": "cant", "could not": "cant",
    "couldnt": "cant", "will not": "wont", "any more": "anymore", "any longer": "anymore", "no longer want": "dont want",
    "im": "i am", "ive": "i have", "id": "i would", "ill": "i will", "ur": "your", "u": "you", "r": "are",
    "tomorow": "tomorrow", "q": "que", "xq": "porque", "k": "que",
}  # fmt: skip
"""Spellings of the same words, ours on the right."""
IN_BETWEEN = frozenset(
    [
        "just",
        "really",
        "fucking",
        "fuckin",
        "freaking",
        "effing",
        "honestly",
        "literally",
        "actually",
        "seriously",
        "kinda",
        "sorta",
        "maybe",
        "probably",
        "even",
        "still",
        "also",
        "always",
        "sometimes",
        "kind",
        "sort",
        "of",
        "so",
        "simply",
        "definitely",
        "totally",
        "basically",
        "truly",
        "only",
        "all",
        "the",
        "way",
        "like",
        "ever",
        "again",
        "please",
        "right",
        "tbh",
        "idk",
        "solo",
        "realmente",
        "verdad",
        "de",
        "tambien",
        "siempre",
        "tanto",
        "muy",
        "pues",
        "simplemente",
        "sinceramente",
        "nomas",
    ]
)
"""Words that people put in between, which change nothing."""
LETTERS = str.maketrans("013457@$!|8", "oieastasiib")
"""What is written for a letter: 0 for o, 1 for i …"""
MOST_READ = 20_000
"""Letters: the longest text that a form takes."""
LONGEST_WORD = 40
UP_TO_A_LETTER = re.compile(r"^(?=\S*[^\W0-9_])\S*\w")
MASKED = re.compile(r"\b\w*[a-z][*#_.\-]+\w*[a-z]\b|\b\w+[*#]+\b", re.I)
HIDDEN = [
    "suicide",
    "suicidal",
    "kill",
    "killing",
    "myself",
    "die",
    "dying",
    "dead",
    "death",
    "cut",
    "cutting",
    "hurt",
    "harm",
    "overdose",
    "suicidio",
    "matarme",
    "morir",
    "muerte",
]


def found(text: str | None) -> bool:
    """Whether words of self-harm or crisis stand in the first `MOST_READ` letters of `text`. Costs some 100 µs for a text message, and
    grows with the length alone, whatever stands in it."""
    if not text:
        return False
    text = without_reaction(text[:MOST_READ])
    return any(_stands(each) for each in dict.fromkeys((text, _unmasked(text), _spelled(text))))


def _stands(text: str) -> bool:
    words = _folded(text)
    return bool(
        _expressions().search(words)
        or _joined().search(words.replace(" ", ""))
        or any(_single_words().search(_once(each)) for each in letter_by_letter(text))
    )


def _folded(text: str) -> str:
    """Plain words with one spelling each, nothing in between, no letter twice in a row."""
    words = f" {plain(text)} "
    for other, ours in SAME.items():
        words = words.replace(f" {other} ", f" {ours} ")
    kept = [word for word in words.split() if word not in IN_BETWEEN]
    return _once(" ".join(kept))


def _once(words: str) -> str:
    """No letter twice in a row."""
    return re.sub(r"(\w)\1+", r"\1", words)


def _spelled(text: str) -> str:
    """`text` with digits and signs read as letters, in words that have letters too."""

    def as_letters(word: str) -> str:
        return UP_TO_A_LETTER.sub(lambda part: part[0].translate(LETTERS), word)

    return _word_by_word(as_letters, text)


def _unmasked(text: str) -> str:
    """`text` with words such as `k*ll` as they are meant."""

    def meant(word: re.Match[str]) -> str:
        shape = re.sub(r"[*#_.\-]+", r"\\w{0,4}", word[0])
        return next((each for each in HIDDEN if re.fullmatch(shape, each, re.I)), word[0])

    return _word_by_word(lambda word: MASKED.sub(meant, word), text)


def _word_by_word(change: Callable[[str], str], text: str) -> str:
    """`text` with each of its words changed; what is too long for a word is left as it is, since the search in it would take long."""
    return re.sub(
        r"\S+", lambda word: change(word[0]) if len(word[0]) <= LONGEST_WORD else word[0], text
    )


@lru_cache(maxsize=1)
def _expressions() -> re.Pattern[str]:
    lines = [line for line in (ENGLISH + SPANISH).splitlines() if line]
    folded = dict.fromkeys(_expression(line) for line in lines)
    return re.compile(rf"\b(?:{'|'.join(folded)})\b")


def _expression(line: str) -> str:
    return " ".join(
        _folded(word.rstrip("*")) + (r"\w*" if word.endswith("*") else "")
        for word in _whole(line).split()
    ).strip()


def _whole(line: str) -> str:
    """One line of the lists in our spelling, stars kept."""
    words = f" {line} "
    for other, ours in SAME.items():
        words = words.replace(f" {other} ", f" {ours} ")
    return " ".join(word for word in words.split() if plain(word) not in IN_BETWEEN)


@lru_cache(maxsize=1)
def _joined() -> re.Pattern[str]:
    return re.compile("|".join(_once(line) for line in EVEN_WITHOUT_SPACES.split()))


@lru_cache(maxsize=1)
def _single_words() -> re.Pattern[str]:
    """The expressions of one word, wherever they stand among letters."""
    lines = (line.rstrip("*") for line in (ENGLISH + SPANISH).splitlines())
    return re.compile("|".join(_once(plain(line)) for line in lines if line and " " not in line))
