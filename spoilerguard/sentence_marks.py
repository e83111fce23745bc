"""Tell which marks end a sentence: full stops of abbreviations, marks in titles, emoji.

sentencex cuts by general rules; here stand those that reviews need besides. Each looks a bounded way to either side,
so that the time stays linear. The lists are of English words: in another language they rarely match.
"""

import re
from collections.abc import Iterator

__all__ = ["clause_ends", "continues", "has_signs", "is_abbreviation"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# --- abbreviations -------------------------------------------------------------------------------------------------

_BEFORE_ANYTHING = _words("e.g eg i.e ie viz cf vs approx appr feat ft dir prod incl excl esp orig resp a.k.a aka")
_BEFORE_NAME = _words(
    "mr mrs ms mx dr drs prof lt sgt capt cpt cpl col gen maj pvt pfc cmdr adm det insp supt rev fr sen gov pres hon "
    "messrs mme mlle msgr"
)
_PARTS = _words("vol vols ch chs chap chaps ep eps bk bks pt pts fig figs sec sect seas ser iss app op sc no nos")
_BEFORE_NUMBER = _PARTS | _words(
    "nr num nbr p pp pg pgs secs ver vers para paras lvl lv c ca circa est min mins max hr hrs yr yrs wk wks mo mos rm "
    "apt bldg hwy rte pub avg mon tue tues wed thu thurs fri b d"
)
_UNITS = _words("min mins hr hrs sec secs yr yrs wk wks mo mos pts ep eps vols chs bks lb lbs oz ft kg km cm")
_BEFORE_SMALL = _UNITS | _words(
    "etc inc ltd co corp bros jr sr esq pt vol ch chap bk pg pgs pp u.s u.k u.n u.s.a a.m p.m d.c l.a n.y b.c a.d dept "
    "govt univ st ave blvd rd ca est seas ser fig figs fav def prob jan feb apr aug sept oct nov dec ph.d m.d b.a m.a "
    "max avg"
)
_ABBREVIATIONS = _BEFORE_ANYTHING | _BEFORE_NAME | _BEFORE_NUMBER | _BEFORE_SMALL
# What begins a clause of its own, also where the writer uses no capitals.
_SUBJECTS = _words("i i'm i've he he's she she's it it's they we you then there there's this that the")

_NUMBER = re.compile(r"[#№(]?\d")
_RATING = re.compile(r"\d+(?:[.,]\d+)?\s*(?:/|%|out of\b|stars?\b|★|⭐)")
_MEASURE = re.compile(r"\d+\s*(?:mins?|secs?|hrs?|hours?|minutes?|seconds?|in|oz|mos?|months?)\b")
_NUMERAL = re.compile(
    r"[IVXLC]{2,7}\b(?!['’]\w)|[ivx]{2,5}\b|[B-HJ-Z]\b(?!['’.]\w)"
    # "I" is somebody unless no verb follows.
    r"|I(?=[,;:.)\]–—-]|\s*$|\s+(?:of|is|and|or|to|in|for|on|at|with|by|the|has|ends|begins|starts|opens|where)\b)"
    r"|(?i:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|twenty)\b"
)
_AFTER_ARTICLE = re.compile(r"\b(?:an?|the|my|his|her|our|their|this|that|no) \S+$", re.IGNORECASE)
_AFTER_NUMBER = re.compile(r"(?:\d|\bone|\btwo|\bthree|\bfour|\bfive|\bsix|\bten|\bfew)[\s-]*$")

# --- titles in "!" or "?" --------------------------------------------------------------------------------------------

_ASKED = re.compile(r"[!?]+[\"”’')*_\]]{0,3}$")
_YEAR = re.compile(r"\((?:19|20)\d\d\b")
_KNOWN = re.compile(
    r"\b(?:airplane|baby jane|be a millionaire|electric sheep|haikyuu|hello,? dolly|hot shots|jeopardy|k-on|mamma mia"
    r"|mars attacks|moulin rouge|oklahoma|oliver|roger rabbit|scooby[- ]doo(?:,? where are you)?|three amigos|up,? doc"
    r"|virginia woolf|where art thou|where's my car|yahoo|yu-gi-oh)$",
    re.IGNORECASE,
)
# Marks inside of a title: its last word before the mark, and what comes after.
_INSIDE = {
    "airplane": ("II",),
    "god": ("It's Me", "It’s Me", "Book II", "You Devil"),
    "live": ("Sunshine", "School Idol", "Nijigasaki"),
    "mia": ("Here We Go",),
    "oh": ("What a Lovely",),
    "stop": ("Or My Mom",),
}
# After a title a sentence goes on with one of these, or with what ends like a verb or a plural; after a question or a
# cry, hardly ever.
_GOES_ON = _words(
    "isn't wasn't are aren't were hasn't have had doesn't did didn't will won't would can can't could should may might "
    "must and or & with without in into from by of at on for to than about like before after under over between "
    "starring made got took felt told became began ran came gave won lost kept left hit"
)
_SMALL_S = _words("this his its yes perhaps sometimes always thanks unless jokes")
# "In Help! the band sings.": nothing but a title stands between.
_INTRODUCED = re.compile(
    r"\W*(?i:in|from|after|before|with|like|unlike|throughout|during|since|by)"
    r"(?:\s+(?:[A-Z\d]\S*|an?|and|of|the|in|to|for|with|my|your)){1,9}"
)
_NO_TITLE = _words(
    "what who why how where when really seriously wow yes no oh ok okay hey ha well right please stop "
    "come go him her me you it us them that this i so enjoy sorry thanks lol omg huh eh ugh yeah yep nope alas boy "
    "damn hell"
)
_SMALL_WORDS = r"\s+(?:(?:an?|and|of|the|in|to|for|with)\s+)?"
_THREE_CAPITALS = re.compile(rf"[A-Z]\S*{_SMALL_WORDS}[A-Z]\S*{_SMALL_WORDS}[A-Z]\S*$")

# --- emoji -----------------------------------------------------------------------------------------------------------

_EMOJI = (
    "[\u203c\u2049\u231a-\u23ff\u25aa-\u25fe\u2600-\u27bf\u2934\u2935\u2b05-\u2b55\U0001f000-\U0001f1ff"
    "\U0001f200-\U0001f3fa\U0001f400-\U0001faff]"
)
_JOINERS = "[\u200d\ufe0e\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]"
_EMOTICON = r"(?<![^\s.!?,])(?:[:;=]['’]?[-o^]?[)(DPpO3/\\|*\[\]]+|[xX]D+|<3+|:'\(|\^_*\^|T_T)(?![^\s.,!?])"
# Faces, hands and the like; what they stand for is what the writer feels.
_FEELING = re.compile(
    "[\u2620\u2639\u263a\U0001f389\U0001f440\U0001f44d-\U0001f44f\U0001f480\U0001f494\U0001f4a9\U0001f4af\U0001f525"
    "\U0001f595\U0001f600-\U0001f64f\U0001f90c-\U0001f92f\U0001f937\U0001f970-\U0001f97a\U0001f9d0\U0001fae0-\U0001faef]"
    "|[:;=xX^T]"
)
_SIGNS = re.compile(rf"(?:(?:{_EMOJI}{_JOINERS}{{0,8}}|{_EMOTICON})\s{{0,3}}){{1,20}}")
_SIGN = re.compile(_EMOJI)
_BELOW_EMOJI = re.compile("[\\x00-\u203b]*")
_FACES = [(eyes, re.compile(rf"{re.escape(eyes)}[)(DPpO3/\\|*\[\]o^'’_T-]")) for eyes in ":;=<^_"]
_WORD = re.compile(r"[\w'’]+")
_TWO_WORDS = re.compile(r"[\"“‘']?\w[\w'’]*\W{1,4}\w")
_DETERMINERS = _words("the a an my your his her our their its this that these those such some any no every")
# No clause ends in one of these, and none begins with a trailing one.
_EXPECTING = _DETERMINERS | _words(
    "i we he she they you and or but if because of in on at to for from with by about as like than into is are was "
    "were am be been so very too really pure much more most just only all five four three two one ten i'm it's he's "
    "she's that's get got give gave feel feels"
)
_EITHER = _words("that this these those her much more most all any some one")  # unless the next clause begins
_TRAILING = _words("of in on at to for from with by about as than into and or is are was were has had too")
_STARTING = _words(
    "i i'm i've he he's she she's it it's they they're we you there there's this that that's what how why who when "
    "where if now never not no yes can't cannot did does so omg lol wow then but also my the"
)
_DESCRIBING = _words(
    "good great bad best worst sad happy cute funny beautiful hot amazing lovely scary creepy crazy awesome sweet nice "
    "big little whole perfect fine cool brilliant epic"
)
_VERB = re.compile(
    r"\b(?:is|are|was|were|am|be|been|do|did|does|has|have|had|love|like|saw|seen|watch|finish|cry|die|dies|made|got|said|went|came|left|told|lost|won|get"
    r"|gets|knew|know|think|thought|felt|need|want|can|cannot|could|would|will|\w+ed|\w+n['’]?t|\w+['’](?:s|m|re|ve|ll))\b",
    re.IGNORECASE,
)


def is_abbreviation(before: str, after: str) -> bool:
    """Whether the full stop that ends `before` is that of an abbreviation which needs what comes `after`."""
    typed = before.rsplit(None, 1)[-1].lstrip("([{\"“‘'-–—")[:-1]
    word = typed.lower()
    if word not in _ABBREVIATIONS:
        return False
    after = after.lstrip()
    if not after:
        return False
    before = before[:-1]
    counted = _AFTER_NUMBER.search(before[: -len(typed)]) is not None
    article = _AFTER_ARTICLE.search(before) is not None
    small = after[0].islower() and _first_word(after) not in _SUBJECTS | _DETERMINERS
    if word in _UNITS and (counted or article):
        return small or _MEASURE.match(after) is not None
    return (
        (word in _BEFORE_ANYTHING and not counted)
        or (word in _BEFORE_NAME and typed[0].isupper() and after[0].isupper() and not article)
        or (word in _BEFORE_NUMBER and bool(_NUMBER.match(after)) and not _RATING.match(after))
        or (word in _PARTS and not counted and bool(_NUMERAL.match(after)))
        or (word in _BEFORE_SMALL and small)
    )


def continues(text: str, start: int, end: int) -> bool:
    """Whether the sentence from `start` goes on at `end`, because the mark before is an abbreviation's or a title's."""
    mark = end - 1
    while text[mark].isspace():
        mark -= 1
    if text[mark] == ".":
        return is_abbreviation(text[max(start, mark - 30) : mark + 1], text[end : end + 30])
    after = text[end : end + 30].lstrip()
    return bool(after) and _is_title(text[max(start, mark - 100) : mark + 1], after)


def _is_title(before: str, after: str) -> bool:
    asked = _ASKED.search(before)
    title = before[: asked.start()] if asked else ""
    last = title[-40:].rsplit(None, 1)[-1].lstrip("\"“‘'(") if title.strip() else ""
    if not last or after[0].isupper():
        return bool(last) and after.startswith((f"{last}!", *_INSIDE.get(last.lower(), ())))
    word = _first_word(after)
    if after[0].islower() and _INTRODUCED.fullmatch(title):
        return True
    if last.lower() in _NO_TITLE or title.isupper() or word.partition("'")[0] in _SUBJECTS:
        return False
    capital = last[0].isupper() or last[0].isdigit()
    if not after[0].islower():
        return capital and _YEAR.match(after) is not None
    verb = word in _GOES_ON or (word.endswith(("s", "ed")) and word not in _SMALL_S)
    return _KNOWN.search(title) is not None or (capital and (verb or _THREE_CAPITALS.search(title) is not None))


def has_signs(text: str) -> bool:
    """Whether emoji or emoticons may stand in `text`; most texts hold none, so it must be found fast."""
    if not text.isascii():
        below = _BELOW_EMOJI.match(text)
        if below and below.end() < len(text) and _SIGN.search(text, below.end()):
            return True
    return any(eyes in text and face.search(text) for eyes, face in _FACES) or "xD" in text or "XD" in text


def clause_ends(text: str) -> Iterator[int]:
    """Where emoji end a clause inside `text`, which is one sentence by its marks.

    A face that stands after one clause and before another ends the first, as a full stop would. One that stands for a
    word ("I ❤ this film") or in front of the rest of its clause ("five 🌟 from me") ends nothing.
    """
    signs = list(_SIGNS.finditer(text))
    next_starts = [*(sign.start() for sign in signs[1:]), len(text)]
    start = 0
    for sign, next_start in zip(signs, next_starts, strict=False):
        left = text[max(start, sign.start() - 120) : sign.start()]
        right = text[sign.end() : min(sign.end() + 120, next_start)]
        if _parts_clauses(left, right, feeling=_FEELING.search(sign[0]) is not None):
            yield sign.end()
            start = sign.end()


def _parts_clauses(left: str, right: str, *, feeling: bool) -> bool:
    # Most signs stand at an end; the cheap question first.
    if not _TWO_WORDS.match(right):
        return False
    before, after = _WORD.findall(left.lower()), _WORD.findall(right.lower())
    if len(before) < 2 or len(after) < 2:
        return False
    starting = after[0] in _STARTING or right[0].isupper()
    expecting = before[-1] in _EXPECTING and not (starting and before[-1] in _EITHER)
    if expecting or before[-1].isdigit() or after[0] in _TRAILING:
        return False
    if before[-1] in _DESCRIBING and before[-2] in _EXPECTING and not starting:
        return False
    if len(before) <= 3 and before[0] in _DETERMINERS and not starting:
        return False
    # A heart or a thing may stand for a verb or a noun: ask for more.
    return feeling or (starting and after[0] not in _DETERMINERS and _VERB.search(left) is not None)


def _first_word(text: str) -> str:
    found = _WORD.match(text.lower())
    return found[0].replace("’", "'") if found else ""
