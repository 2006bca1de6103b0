"""Reads a reply to a text message: stop, start, help, a wrong number, one of the two answers, or other words (rule 16).

In English and Spanish, as people write: any case, quotes, dots, emoji, accents composed or not, full-width letters, a signature. A stop
always stops (the carriers' rule), so what may be one is read as one; "I can't stop crying" is none. Words of crisis are read
apart (crisis_words.py), whatever else a text says. Pure: the standard library.
"""

import re
from enum import StrEnum

from webapp.care.contact.plain_words import clauses, plain, without_reaction


class Reply(StrEnum):
    """What a text asks for. `WORDS`: nothing that a machine should act on."""

    STOP = "stop"
    WRONG_NUMBER = "wrong_number"
    START = "start"
    HELP = "help"
    COMING = "coming"
    NOT_COMING = "not_coming"
    WORDS = "words"


def read(text: str) -> Reply:
    """What `text` asks for; of several things the first of `Reply`."""
    if any(sign in text for sign in STOP_SIGNS):
        return Reply.STOP
    if answer := _by_sign(text):
        return answer
    said = without_reaction(text)
    parts, words = clauses(said), plain(said)
    if _is_wrong_number(plain(said.replace("#", " number "))):
        return Reply.WRONG_NUMBER
    if _is_stop(said, parts, words):
        return Reply.STOP
    own = [part for part in _without_signature(parts) if part] or parts
    for reply, known in KNOWN.items():
        bare = {_without(COURTESY - known, part) for part in own} - {""}
        if (bare and bare <= known) or _without(COURTESY - known, words) in known:
            return reply
    return Reply.WORDS


def takes_back(text: str) -> bool:
    """Whether a text that reads as `Reply.COMING` takes back an earlier "can't": a 1, or a sentence that says so. An *ok*, a thumb, or a
    *perfect* may be thanks for our own answer, and a bare yes may answer anything."""
    if _by_sign(text):
        return False
    said = without_reaction(text)
    parts = [*_without_signature(clauses(said)), plain(said)]
    return any(_without(COURTESY, part) in COMING - POLITE - BARE_YES for part in parts)


def is_bare_yes(text: str) -> bool:
    """Whether a text says yes, and to what is left open."""
    parts = [*_without_signature(clauses(without_reaction(text))), plain(text)]
    return any(_without(COURTESY, part) in BARE_YES for part in parts)


def is_trouble(text: str) -> bool:
    """Whether a text speaks of trouble with getting into a room: the link, the sound, the network, the device."""
    words = plain(without_reaction(text))
    return any(trouble.search(words) for trouble in TROUBLE)


def says_more(text: str) -> bool:
    """Whether a text that asks to stop also holds words that somebody should read."""
    rest = [part for part in _without_signature(clauses(text)) if not _is_bare_stop(part)]
    for request in REQUESTS:
        rest = [request.sub(" ", part) for part in rest]
    left = [_without(COURTESY | STOPPED | COMMON, part) for part in rest]
    return any(words and words not in ALSO_STOP for words in left)


def is_automatic(text: str) -> bool:
    """Whether a phone wrote this by itself, so that an answer to it would be answered again."""
    return bool(AUTOMATIC.search(plain(text)))


def is_spanish(text: str) -> bool:
    """Whether a text is in Spanish, as far as a few words tell."""
    words = set(plain(text).split())
    return len(words & SPANISH) > len(words & ENGLISH)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _phrases(text: str) -> frozenset[str]:
    return frozenset(plain(phrase) for phrase in text.split("·"))


COURTESY = _words(
    "please pls plz plse thanks thankyou thx ty tysm kindly hi hello hey sorry ok okay now"
    " por favor porfavor porfa gracias hola ya ahora perdon disculpe disculpa bye"
)
STOPPED = _words(
    "it its this that these those them all any the my your our texts texting text txt txts messages messaging message msg msgs"
    " reminders reminder sms everything spam notifications alerts mensajes mensaje textos texto todo todos los estos"
    " recordatorios me us to from sending just immediately right away again today forever already im asking begging i said"
)
"""What may stand around a stop word."""
ALWAYS_STOP = _words(
    "stop stopall unsubscribe unsubscribed unsub optout optedout revoke arret stopit desuscribir desuscribirme detener deten"
    " detengan stopp"
)
ALSO_STOP = _words("end quit cancel baja alto parar pare paren para basta cancelar fin nomas salir") | {
    "no mas", "opt out", "revoke all", "ya basta", "cancel all", "quit it", "cancela", "termina",
}  # fmt: skip
"""Stop words that are ordinary words too: only when nothing else is said."""
STOP_SIGNS = ("🛑", "\N{NO ENTRY}", "🚫")
CRY = re.compile(r"^\W*STOP(ALL)?\b")
"""Written large at the beginning it is the key word, whatever follows."""

_THEIRS = r"(?:text\w*|txt\w*|messag\w*|msg\w*|sms|send\w*|contact\w*|writing|emailing|remind\w*|bother\w*|spam\w*|harass\w*|notif\w*|alerts?|bugging|blowing up)"
_ANY = (
    r"(?:(?:all|the|these|those|your|any|of|my|with|this|it|me|damn|stupid|fucking|automated|automatic|daily|more|please|so"
    r"|many|getting|receiving|to|get|receive|want|have|be|being|from|you|getting) )*"
)
_THINGS = r"(?:(?<!to )(?:texts?|txts?|messages?|msgs?)|texting me|texted|messaged|reminders?|reminded|sms|notifications?|alerts?|contacted)"
_ME = r"(?:me|us|this number|this phone|my phone|my number|again|anymore|any more|here)"
_MENSAJES = r"(?:mensajes?|mensajitos|textos?|recordatorios?|sms|avisos?|notificaciones)"
_VERBOS = r"(?:escriba|escribas|escriban|mande|mandes|manden|envie|envies|envien|moleste|molestes|molesten|contacte|contactes|contacten|textee|textees|texteen)"
REQUESTS = [
    re.compile(rf"\b{pattern}\b")
    for pattern in (
        rf"(?:stop|quit|cease|discontinue) {_ANY}{_THEIRS}",
        rf"(?:dont|do not|never) (?:ever |please |keep |even |you |you ever )?(?:text|txt|message|messaging|msg|contact|write|bother|email|texting|remind) (?:\w+ ){{0,2}}?{_ME}",
        rf"(?:dont|do not|no) send (?:me |us )?{_ANY}(?:{_THINGS}|anything|stuff|these|anymore|any more|again)",
        rf"(?:dont|do not|no longer) (?:want|need|wish|like) {_ANY}{_THINGS}",
        rf"no more (?:of )?{_ANY}(?:texts|messages|reminders|sms|texting|notifications|alerts)",
        r"(?:no longer|dont|do not) want (?:these|those|them)(?: anymore| any more)?$",
        r"cancel (?:the |these |all |my )*(?:texts|messages|reminders|sms)",
        r"(?:quiero|quisiera|queremos)? ?dejar de recibir",
        r"^no (?:texts|messages|reminders)(?: please)?$",
        r"leave me (?:alone|be)",
        r"(?:lose|delete|remove|erase|forget|block) (?:my|this) (?:number|phone)",
        r"(?:remove|take|get|delete) (?:me|us|my number|this number|my phone|it)(?: please)?$",
        r"(?:remove|take|get|drop|delete) (?:me|us|my number|this number|my phone|my info) (?:off|from|out of)(?: of)?(?: (?:this|your|the|that|all))*"
        r"(?: (?:texts?|messag\w+|sms|reminders?|contacts?|call|mailing|texting|list|lists|database|system|phone|thread|chat|records))+\b",
        r"take (?:me|my number|this number) off$",
        r"unsubscribe (?:me|us)|(?:to|and|please|i) unsubscribe",
        r"opt(?:ing)? (?:me )?out(?! of (?!(?:the |these |all |your |any )*(?:texts|messages|reminders|sms|notifications)))",
        r"(?:revoke|withdraw) (?:my )?(?:consent|permission)(?: to| for)? (?:be )?(?:text\w*|contact\w*|messag\w*)",
        r"(?:please|pls|plz|just|now) stop$",
        r"^(?:(?:who is this|whos this|who are you|hey|yo|omg|wtf|dude|bro|man|enough|seriously|no|ok|so) )+(?:please )?stop$",
        rf"no (?:me|nos) (?:vuelvan? a |vuelvas a |sigan? |sigas )?(?:{_VERBOS}|escribir|mandar|enviar|molestar|contactar|escribiendo|mandando|enviando|molestando)",
        r"(?<!no )(?<!nunca )(?:deje|dejen|deja|dejes|paren|pare|para|basta) (?:ya )?de (?:escrib|mand|envi|molest|text|contact)\w*",
        rf"no quiero (?:mas |recibir |recibir mas |sus |estos |esos |los |tus |ningun |ver )*{_MENSAJES}",
        rf"no quiero que (?:me|nos) {_VERBOS}",
        rf"(?:no mas|basta de|cancel\w* (?:los|sus|estos|mis)?) ?{_MENSAJES}",
        r"(?:dar|darme|darnos|deme|denme|dame|doy|den|de|dar me) (?:me )?de baja(?! de[l]? (?:grupo|programa|la sesion|sesion|trabajo))",
        r"(?:quit|borr|elimin|saqu|sac)\w* (?:me )?(?:de (?:la|su|esta|tu) lista|(?:mi|este) (?:numero|telefono))",
        r"dej(?:a|e|en)(?:me|nos) en paz",
    )
]
"""Short sentences that ask for no more texts."""
NOT_ASKED = _words(
    "dont cant cannot couldnt wont didnt never not doesnt wouldnt shouldnt he she they him her his hers wants we"
    " people someone why you i ex husband wife boss mom dad friend friends kids nunca"
)
"""Said before such a sentence, they turn it round: "he won't stop texting me", "don't stop"."""
ASKED_ALL_THE_SAME = re.compile(
    r"(?:can|could|would|will|should|must) you(?: all| guys| please| just)*$|(?:want|need|like|asking|asked|tell|telling|beg|begging) you(?: all| guys| people)*(?: to)?(?: please| just)*$"
    r"|you (?:need|have|must|should|can)(?: to)?$|(?:how do|can|may|why cant) i(?: please)?$|i (?:said|told you)(?: to)?$|^(?:i|you|people|you people)$|\bi(?: want| would like| need| wish)?(?: to)?$|(?:thank you|thanks)$"
)

WRONG = [
    re.compile(rf"\b{pattern}\b")
    for pattern in (
        r"wrong (?:number|person|phone|guy|lady|contact|nbr|num)",
        r"(?:this|that) (?:is not|isnt|aint|is no longer) (?:\w+ ){1,3}(?:number|phone)",
        r"not (?:her|his|their|that persons) (?:number|phone)(?: anymore)?",
        r"no longer (?:\w+ ){0,3}(?:number|phone)",
        r"(?:number|phone) (?:belongs to|is someone|is somebody) (?:\w+ )?(?:else|now)",
        r"(?:numero|telefono|persona) (?:equivocad\w|incorrect\w|erroneo|erronea)",
        r"se (?:equivoc\w+|ha equivocado|han equivocado) de (?:numero|persona|telefono)",
        r"(?:esta|estas|estan) (?:equivocad\w+|llamando) (?:de numero|al numero equivocado)",
        r"(?:este|ese) (?:ya )?no es (?:el|su) (?:numero|telefono)(?: de)?",
        r"ya no es (?:el|su) (?:numero|telefono)",
        r"no soy (?:esa|la|el) (?:persona|que busca\w*)",
    )
]
WRONG_OF_THEIRS = re.compile(
    r"\b(?:i|we) (?:\w+ )?(?:called|dialed|gave|typed|texted|put|wrote|had|used|have|got)\b|\bme equivoque\b|\bmarque\b"
)
"""The writer says that they themselves took a wrong number."""

START = _phrases(
    "start·unstop·un stop·resume·subscribe·optin·opt in·begin·start texts·start texting·start texting me·start messages·alta"
    "·comenzar·empezar·iniciar·reanudar·activar·continuar·start again·de alta·darme de alta"
)
HELP = _phrases("help·ayuda·info·information·informacion·aide·assist")
COMING = _phrases(
    "1·one·uno·una·yes·y·yep·yeah·yea·ya·yup·yess·sure·sure thing·of course·absolutely·definitely·confirm·confirmed·confirming·c"
    "·i confirm·coming·im coming·i am coming·i'm coming·will come·i'll come·i will come·i'll be there·ill be there·i will be there·will be there"
    "·be there·be there soon·i'll be there soon·yes sir·yes ma'am·i'll be in·i'm in·im in·count me in·i can make it·i can come·i can·i can be there·can make it·will make it·i'll make it"
    "·i will make it·on my way·omw·im on my way·i am on my way·see you·see you then·see you there·see you soon·see you tonight·see u then·i'll join"
    "·i will join·joining·yes i will·i will·yes i can·yes 1·1 yes·yes i'll be there·yes i will be there·yes i'm coming·yes coming·yes i'll come·ok 1"
    "·sounds good·perfect·great·k·kk·ok·okay·alright·will do·got it i'll be there·attending·i'll attend·i will attend·i'm there"
    "·sí·si señor·si señora·sip·claro·claro que si·por supuesto·confirmo·confirmado·si confirmo·voy·ya voy·si voy·ahí voy·voy en camino"
    "·en camino·ahí estaré·allí estaré·si estaré·ahí estaremos·si ahí estaré·estaré ahí·estaré allí·voy a estar·voy a ir·si voy a ir·asistiré"
    "·si asistiré·sí puedo·si puedo ir·puedo ir·puedo·si iré·iré·ahí nos vemos·nos vemos·nos vemos ahí·vale·de acuerdo·está bien·listo"
)
POLITE = _phrases(
    "sure·sure thing·of course·absolutely·definitely·c·see you·see u then·see you then·see you there·see you soon·see you tonight·sounds good·perfect·great·k·kk·ok"
    "·okay·alright·will do·i will·claro·claro que si·por supuesto·nos vemos·ahi nos vemos·vale·de acuerdo·está bien·listo·ya·yess"
)
"""Of `COMING`: what people also say to end a conversation."""
BARE_YES = _phrases("yes·y·yep·yeah·yea·yup·yess·yes sir·yes ma'am·sí·si señor·si señora·sip")
"""Of `COMING`: a yes of which nobody knows to what, once they have said that they can't."""
_DEVICE = (
    r"(?:zoom|link|app|audio|sound|video|camera|cam|mic|microphone|internet|wifi|wi fi|connection|phone|computer|laptop|tablet|ipad|browser|meeting|call|room|page|site"
    r"|website|password|passcode|button|screen|signal|service|headphones|it|this|everything)"
)
_APARATO = r"(?:zoom|link|liga|enlace|app|aplicacion|audio|sonido|video|camara|microfono|internet|wifi|conexion|telefono|celular|compu|computadora|pagina|sala|contrasena|clave|codigo|boton|pantalla|senal|datos|reunion|llamada)"
_CANT = r"(?:cant|cannot|can not|cant seem to|couldnt|could not|unable to|not able to|how do i|how can i|trying to|trouble|problems?|issues?|struggling to|struggling with|having a hard time)"
TROUBLE = [
    re.compile(rf"\b{pattern}\b")
    for pattern in (
        rf"{_CANT} (?:even |still |to |with |me )*(?:get|getting) (?:in|into|on|onto|through|back in|connected|logged in|zoom|it to|this to|the|my)",
        rf"{_CANT} (?:even |still |to |with )*(?:log(?:ging)? ?(?:in|on)|sign(?:ing)? in|connect|connecting|reconnect|enter|access|join(?:ing)? (?:the |by |from |through |via |on |with )*{_DEVICE})",
        rf"{_CANT} (?:even |still |to |with |me )*(?:find|open|load|see|click|use|get|start|launch|download|unmute) (?:\w+ )?{_DEVICE}",
        r"(?:cant|cannot|can not|couldnt|dont) (?:even |still )?(?:hear|see) (?:you|u|anyone|anybody|anything|nothing|them|a thing|people|the (?:group|host|others|room))",
        r"(?:no one|nobody|they|you|u|yall) (?:can|cant|cannot) (?:hear|see) me",
        r"no (?:link|internet|wifi|wi fi|sound|audio|signal|service|connection|video|camera|mic|data|password|passcode|network|reception)",
        r"(?:dont|do not|didnt|did not|never) (?:have|see|got|get|receive|received) (?:\w+ )?(?:link|internet|wifi|wi fi|zoom|invite|password|passcode|code|signal|service|sound|audio)",
        rf"{_DEVICE}(?: \w+){{0,2}} (?:(?:is|its|are|was|just|keeps?|still) )*(?:not|isnt|isnt even|wont|doesnt|does not|wasnt|didnt|will not|aint) (?:\w+ ){{0,1}}?(?:work|working|load|loading|open|opening|connect|connecting|start|starting|respond|responding|go through|going through|there|let)",
        r"(?:internet|wifi|wi fi|zoom|link|app|phone|computer|laptop|audio|sound|camera|mic|connection|screen|signal|power)(?: \w+){0,2} (?:down|frozen|froze|freezing|crashed|crashing|crashes|died|dead|broken|expired|glitching|lagging|spotty|terrible|cutting out|went out|is out|dropped|dropping|acting up)",
        r"(?:wont|doesnt|does not|not|isnt|didnt) (?:let|letting) me (?:in|on|join|log|connect|enter|open|sign)",
        r"(?:let|allow|admit|buzz) me (?:back )?in",
        r"(?:kicked|booted|locked|dropped|threw|thrown|cut) (?:me )?(?:out|off)\b(?! of (?:the |my |our |his |her )?(?:house|home|apartment|place))",
        r"(?:kicking|booting|dropping|disconnecting|logging) me",
        r"(?:keeps?|kept) (?:\w+ )?(?:dropping|freezing|kicking|crashing|disconnecting|buffering|cutting|loading|spinning|lagging)",
        r"(?:got|was|been|getting|am|im) disconnected",
        r"(?:stuck|waiting|still) (?:in|on|at) (?:the )?(?:waiting room|lobby|loading|connecting|login|sign in|link)",
        r"in (?:the )?waiting room",
        r"(?:where is|wheres|where are|what is|whats|send|resend|need|lost|missing|forgot) (?:me |us )?(?:the |my |a |that |it |this |new )*(?:zoom |meeting |join )?(?:link|passcode|password|meeting id|invite|login|code)",
        r"(?:wrong|bad|invalid|expired|broken|dead) (?:link|password|passcode|code|meeting)",
        r"(?:help|trouble|problems?|issues?) (?:me )?(?:with |getting |using |to |on )*(?:the |my )?(?:link|zoom|connecting|connect|logging in|log in|login|joining|audio|sound|video|camera|mic|wifi|internet|app|tech|technical)",
        r"(?:tech|technical|technology|connection|internet|zoom|wifi|audio|sound) (?:help|trouble|troubles|problems?|issues?|difficult\w+)",
        r"no (?:puedo|logro|consigo|he podido|pude|podemos) (?:entrar|conectarme|conectar|unirme|abrir|acceder|ingresar|oir|oirlos|oirte|escuchar|escucharlos|encontrar|verlos|ver (?:el|la|los|a)|prender|iniciar|meterme)",
        r"no me (?:deja|dejan|permite|permiten) (?:\w+ )?(?:entrar|pasar|conectar\w*|unir\w*|abrir|acceder|ingresar|iniciar)",
        r"no (?:me |nos )?(?:entra|abre|carga|conecta|funciona|jala|agarra|prende|enciende)",
        rf"{_APARATO} (?:\w+ )?no (?:me |se |esta |estan )?(?:\w+ )?(?:sirve|anda|deja|va|oye|ve|escucha|aparece|funcionando|cargando|abriendo|conectando|entra)",
        rf"no (?:me )?(?:sirve|anda|deja|aparece|llego|encuentro|tengo|hay|veo|se ve|se oye|se escucha|recibi|mandaron|llega) (?:el |la |mi |los |ningun |ninguna |bien el |bien la )*{_APARATO}",
        r"no (?:los|las|te|le|les|lo|la|se) (?:oigo|escucho|veo|oye|escucha)\b(?! sentido| la salida| futuro)",
        r"no (?:me|nos) (?:oyen|escuchan|ven|oye|escucha|aceptan|admiten|abren)",
        rf"(?:donde esta|cual es|mande\w*|manden\w*|envie\w*|pas[ae]\w*|necesito|perdi|olvide) (?:otra vez |de nuevo )?(?:el |la |mi )?{_APARATO}",
        rf"se (?:me |nos )?(?:fue|cayo|corto|congelo|trabo|desconecto|va|cae|corta|congela|traba|desconecta|apago|descargo) (?:el |la |mi )?{_APARATO}",
        rf"(?:sin|problemas? (?:con|de|para)) (?:el |la |mi )?(?:{_APARATO}|conectar\w*|entrar)",
        rf"(?:link|liga|enlace|{_APARATO}) (?:roto|rota|vencido|vencida|caducado|equivocad\w|congelad\w|caid\w|mal\b)",
        r"me (?:saca|saco|expulsa|expulso|desconecta|desconecto|boto|bota)",
        r"(?:en|estoy en) (?:la )?sala de espera",
        r"dejenme (?:entrar|pasar)|dejeme (?:entrar|pasar)|abranme|abreme",
    )
]
"""Short sentences of trouble at the door. Outside the hour around a session they are read by people alone."""
NOT_COMING = _phrases(
    "2·two·dos·no·n·nope·nah·no 2·2 no·i can't·can't·cant·i cannot·i can not·cannot·can't make it·i can't make it·cannot make it"
    "·i cannot make it·can not make it·i can not make it·can't come·i can't come·i cannot come·can't be there·i can't be there·i cannot be there·can't attend"
    "·i can't attend·can't join·i can't join·i cannot join·i cannot attend·won't make it·i won't make it·i will not make it·will not make it"
    "·won't be there·i won't be there·i will not be there·won't come·i won't come·not coming·i'm not coming·i am not coming·im not coming·not gonna make it"
    "·not going to make it·i'm not going to make it·i am not going to make it·i'm not gonna make it·i'm not going to be able to make it·not able to make it"
    "·won't be able to make it·i won't be able to make it·i will not be able to make it·won't be able to come·i won't be able to come·i won't be able to attend·unable to make it"
    "·unable to attend·unable to come·unable to join·i'm unable to make it·i'm unable to attend·i am unable to attend·i'm out·count me out·i have to miss·i have to miss it"
    "·have to miss it·i need to miss it·i'll miss it·i will miss it·i'm not able to make it·no i can't·no i cannot·no i can't make it·no i won't be there·no i'm not coming"
    "·not gonna be able to make it·not going to be able to make it·i'm not gonna be able to make it·i'm not going to be able to make it·no can't make it·can't do it·not attending·not going·i'm not going"
    "·no puedo·no puedo ir·no puedo llegar·no puedo asistir·no puedo estar·no puedo venir·no voy·no voy a ir·no voy a poder·no voy a poder ir"
    "·no voy a poder asistir·no voy a llegar·no voy a asistir·no iré·no podré·no podré ir·no podré asistir·no podré llegar·no estaré·no estaré ahí"
    "·no asistiré·no llego·no alcanzo·no voy a estar·lamentablemente no puedo·no puedo hoy no"
)
KNOWN = {
    Reply.START: START, Reply.HELP: HELP, Reply.COMING: COMING, Reply.NOT_COMING: NOT_COMING,
}  # fmt: skip
BY_SIGN = {"👍": Reply.COMING, "👌": Reply.COMING, "✅": Reply.COMING, "👎": Reply.NOT_COMING, "❌": Reply.NOT_COMING}  # fmt: skip
LIKED = _words("liked loved")
AUTOMATIC = re.compile(
    r"\bauto(?:matic|mated|matica)? ?(?:reply|response|respuesta|message)\b|\brespuesta automatica\b|\bi ?a?m driving\b|\bdriving with\b|\bout of (?:the )?office\b"
    r"|\bdo not disturb\b|\bdo not reply\b|\bthis number (?:does not|cannot|is not)\b|\bnot monitored\b|\bestoy (?:conduciendo|manejando)\b|\bfuera de (?:la )?oficina\b"
)
ENGLISH = _words("the i im you is to and my it me not can for please thanks yes stop")
SPANISH = _words(
    "no el la que de y yo si por para mi me es en un una lo los las ya con hola gracias favor puedo voy quiero alto parar pare"
    " basta baja cancelar ayuda alta estoy mas soy sus claro ahi"
    " alli estare ire asistire listo vale acuerdo podre llegar asistir venir confirmo confirmado mensajes textos numero vivir"
    " morir morirme vida mi nadie hoy manana estar tengo hay entra entrar deja enlace liga conectar conectarme funciona sirve abre"
) - {"no", "me"}  # fmt: skip
COMMON = _words(
    "i im ive ill id me my mine you your it its is are am was the a an this that these to no not yes can cant dont wont will be"
    " do did help what who why when how and or but in on at of for with if so from by please thanks have has had want need go"
    " crying worrying texting it yo tu mi el la los las de que y o un una es no si por para con en me te se lo muy mas puedo"
    " quiero estoy soy"
)
"""Words of sentences: what has none of them may be a name."""
SECOND_THOUGHT = _words(
    "1 2 one two uno una dos wait waitt hold oops ooops whoops actually scratch nvm nevermind mistake correction meant mean jk kidding"
    " wrong typo rather maybe espera espere esperen esperate perate mentira corrijo digo error quizas mejor"
)
"""What people put after an answer to correct it: no signature."""


def _by_sign(text: str) -> Reply | None:
    """The answer given by a thumb or a tick alone, or by the phone's *Liked*."""
    signs = {sign for sign in BY_SIGN if sign in text}
    if len(signs) == 1 and not plain(without_reaction(text)):
        return BY_SIGN[signs.pop()]
    reaction = without_reaction(text)
    return Reply.COMING if reaction != text and plain(reaction) in LIKED else None


def _is_wrong_number(words: str) -> bool:
    return any(each.search(words) for each in WRONG) and not WRONG_OF_THEIRS.search(words)


def _is_stop(text: str, parts: list[str], words: str) -> bool:
    if any(_is_bare_stop(part) for part in (*parts, words)):
        return True
    own = {_without(COURTESY, part) for part in _without_signature(parts)} - {""}
    if (own and own <= ALSO_STOP) or _without(COURTESY, words) in ALSO_STOP:
        return True
    if CRY.match(text) and text != text.upper():
        return True
    return any(_asks(each, part) for each in REQUESTS for part in (*parts, words))


def _is_bare_stop(part: str) -> bool:
    """Whether this is a word that always stops, with nothing but courtesies and what is to stop around it."""
    words = [re.sub(r"^s+t+o+p+$", "stop", word) for word in part.split()]
    spoken = " ".join(word for word in words if word not in COURTESY)
    joined = (
        spoken.replace("stop all", "stopall")
        .replace("opt out", "optout")
        .replace("opt me out", "optout")
    )
    left = {word for word in joined.split() if word not in STOPPED}
    return bool(left) and left <= ALWAYS_STOP


def _asks(request: re.Pattern[str], words: str) -> bool:
    """Whether `request` stands in `words`, and what is said before it does not turn it round."""
    for match in request.finditer(words):
        before = words[: match.start()].strip()
        near = before.split()[-3:]
        if not near or ASKED_ALL_THE_SAME.search(before) or not NOT_ASKED & set(near):
            return True
    return False


def _without(these: frozenset[str], part: str) -> str:
    words = part.replace("thank you", "thanks").split()
    return " ".join(word for word in words if word not in these)


def _without_signature(parts: list[str]) -> list[str]:
    """The clauses without those at the end that may be a name: up to three words, none of a sentence."""
    kept = list(parts)
    while len(kept) > 1:
        last = kept[-1].split()
        if (
            len(last) > 3
            or set(last) & (COMMON | SECOND_THOUGHT)
            or kept[-1] in COMING | NOT_COMING | ALSO_STOP
        ):
            break
        kept.pop()
    return kept
