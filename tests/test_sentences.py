"""Sentences: a review is cut where a reader would cut it, and nothing of it is lost or altered."""

import logging
import random
import re
import textwrap
import time
from collections.abc import Iterator
from typing import Any

import pytest
import sentencex
from hypothesis import example, given
from hypothesis import strategies as st

from spoilerguard import sentences as sentences_module
from spoilerguard.sentences import Sentence, split

PIECES = [
    *[". ", ".", "!", "?", "…", "...", "\x85", "\n", "\r\n", "\u2028", "\x1c", " ", "\t", "\xa0", "\ud800", "\0"],
    *["He dies", "Mr", "J.K.", "1", '"', "“", "”", "(", ")", "[/b]", "</i>", "||", ">!", "!<", "**", "死", "。", "😢"],
    *[
        "<br>",
        "</p>",
        "<p ",
        "vol.",
        "pt. II",
        "- ",
        "the\nend",
        "'",
        "‘",
        "''",
        ":)",
        ":(",
        "❤",
        "\u200d",
        "I",
        "\u3000",
    ],
]
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=200) | st.lists(
    st.sampled_from(PIECES), max_size=30
).map("".join)
BLANKS = "".join(char for char in map(chr, range(0x3001)) if char.isspace() and char != "\x85")  # that is an ellipsis
LINE_TAG = re.compile(r"</?(?:br|p)\b[^<>]*>", re.IGNORECASE)
BLANK_LINE = re.compile(r"(?>\r\n|[\n\r\f])[^\S\n\r\f\x85]*[\n\r\f]")


def texts(review: str, **options: Any) -> list[str]:
    return [sentence.text for sentence in split(review, **options)]


def joined(text: str) -> str:
    """The text on one line."""
    return " ".join(text.split())


GOLDEN = [
    # nothing there
    ("", []),
    ("  \t \n\r\n \u2028 \xa0", []),
    # one sentence, or a piece of one
    ("He dies", ["He dies"]),
    ("  He dies.  ", ["He dies."]),
    ("?", ["?"]),
    ("...", ["..."]),
    # lost blanks
    ("It was great.He dies in the end.", ["It was great.", "He dies in the end."]),
    ("Great film!He dies!What a scene?Yes.", ["Great film!", "He dies!", "What a scene?", "Yes."]),
    ("He died.She lived.They married.", ["He died.", "She lived.", "They married."]),
    ('the end."He died"', ["the end.", '"He died"']),
    ("“He dies.”She lives.", ["“He dies.”", "She lives."]),
    ("GREAT MOVIE.MUST SEE.", ["GREAT MOVIE.", "MUST SEE."]),
    ("He dies .She lives .", ["He dies .", "She lives ."]),
    # line breaks of every kind
    ("THE END\n\n\n   \n#1 MOVIE", ["THE END", "#1 MOVIE"]),
    ("one\r\ntwo\r\n\r\nthree\rfour", ["one", "two", "three", "four"]),
    ("a\u2028b\u2029c\vd\fe\x1cf", ["a", "b", "c", "d", "e", "f"]),
    ("the line goes\non here", ["the line goes", "on here"]),  # nothing tells that it is one
    # headlines and tags
    ("#headline\nText here. #SpoilerAlert He dies.", ["#headline", "Text here.", "#SpoilerAlert He dies."]),
    ("## The plot\nHe dies.", ["## The plot", "He dies."]),
    # marks inside a sentence
    ("I give it 7.5/10. Really.", ["I give it 7.5/10.", "Really."]),
    ("J.K. Rowling wrote it. Fine.", ["J.K. Rowling wrote it.", "Fine."]),
    ("Mr. Ito waits. Then dies.", ["Mr. Ito waits.", "Then dies."]),
    ("Watch it, e.g. on a plane. Yes.", ["Watch it, e.g. on a plane.", "Yes."]),
    ("See https://example.com/a.b?c=d. Then go.", ["See https://example.com/a.b?c=d.", "Then go."]),
    ("S.H.I.E.L.D. falls. A.I. wins.", ["S.H.I.E.L.D. falls.", "A.I. wins."]),
    ("great movie.the end is sad", ["great movie.the end is sad"]),  # as like a web address
    # runs of marks
    ("What?! He dies!!! Yes.", ["What?!", "He dies!!!", "Yes."]),
    ("Wait... what? He dies... Then nothing.", ["Wait... what?", "He dies...", "Then nothing."]),
    ("Wait… what? He dies… Then nothing.", ["Wait… what?", "He dies…", "Then nothing."]),
    ("Wait\x85 what? He dies\x85 Then nothing.", ["Wait\x85 what?", "He dies\x85", "Then nothing."]),
    ("Hmm.. ok.. he dies.. yes", ["Hmm.. ok.. he dies.. yes"]),
    # quoted speech
    ('"He dies." she said. "Really?" he asked.', ['"He dies." she said.', '"Really?" he asked.']),
    ("“He dies,” she said. “No!” he cried.", ["“He dies,” she said.", "“No!” he cried."]),
    ("“He dies.” “She lives.”", ["“He dies.”", "“She lives.”"]),
    ('He said "and more. She lives. Ok.', ['He said "and more.', "She lives.", "Ok."]),
    # brackets
    ("(He dies. She lives.) Ok.", ["(He dies. She lives.) Ok."]),
    ("He dies (and more. She lives. Ok.", ["He dies (and more.", "She lives.", "Ok."]),
    ("He dies!)", ["He dies!)"]),
    ("He dies.[1] She lives.", ["He dies.[1]", "She lives."]),
    # lists
    ("* one\n* two\n- three\n• four", ["* one", "* two", "- three", "• four"]),
    ("1. He dies\n2) She lives", ["1. He dies", "2) She lives"]),
    ("1. First he dies. 2. Then she dies.", ["1. First he dies.", "2. Then she dies."]),
    ("- 1. He dies\nII. She lives", ["- 1. He dies", "II. She lives"]),
    # markup stays with what it marks
    ("<spoiler>He dies.</spoiler> Fine.", ["<spoiler>He dies.</spoiler>", "Fine."]),
    ("[b][i]He dies.[/i][/b] Fine.", ["[b][i]He dies.[/i][/b]", "Fine."]),
    ("||He dies.|| Ok.", ["||He dies.||", "Ok."]),
    (">!He dies.!< Ok.", [">!He dies.!<", "Ok."]),
    ("*He dies.* Ok. **She lives.** Yes.", ["*He dies.*", "Ok. **She lives.**", "Yes."]),
    ("<b>He</b> dies. <i>She</i> lives.", ["<b>He</b> dies.", "<i>She</i> lives."]),
    # chat
    ("user1: he dies\nuser2: no way!!", ["user1: he dies", "user2: no way!!"]),
    ("— Is he dead? — Yes. — Ok.", ["— Is he dead?", "— Yes.", "— Ok."]),
    # emoji, other scripts
    ("He dies.😢She lives.", ["He dies.", "😢She lives."]),
    ("He dies! 👩\u200d🚀 Ok.", ["He dies!", "👩\u200d🚀 Ok."]),
    ("他死了。她活着！真的吗？", ["他死了。", "她活着！", "真的吗？"]),
    ("مات في النهاية. هل تصدق؟ نعم.", ["مات في النهاية.", "هل تصدق؟", "نعم."]),
    ("नायक मर जाता है। वह रोती है।", ["नायक मर जाता है।", "वह रोती है।"]),
    ("Он умер. She lives. 他死了。", ["Он умер.", "She lives.", "他死了。"]),
    ("¿Muere? ¡Sí! Vale.", ["¿Muere?", "¡Sí!", "Vale."]),
    # nothing is altered
    ("A\tB\tC  D", ["A\tB\tC  D"]),
    ("He\xa0dies.\xa0She lives.", ["He\xa0dies.", "She lives."]),
    ("a\ud800. B\udfff.", ["a\ud800.", "B\udfff."]),
    ("a\0b. C.", ["a\0b.", "C."]),
    ("Cafe\u0301. \u202eEnd\u202c.", ["Cafe\u0301.", "\u202eEnd\u202c."]),
]


WRAPPED = [
    # a break in the middle of a sentence
    "In the end Anna\ndies and Paul is the\nkiller.",
    "In the end Anna\r\ndies and Paul is the\r\nkiller.",
    "In the end Anna\rdies and Paul is the\rkiller.",
    "Nobody expects that the\nnurse did it.",
    "It turns out that her uncle was never on the\nisland at all.",
    "We hear of a\nBatman who retires.",
    "She waits for Mr.\nIto at the pier.",
    "The third book, vol.\n3 of the saga, ends well.",
    "He runs away with his sister, her daughter,\nand the gold.",
    "The captain, who had lied from the start, is\nhanged at dawn.",
    "Half of them drown (and not only the\nvillains) in the flood.",
    # no full stop at the end
    "in the last scene the\nnurse kills the\ndoctor and the cat",
    # narrow columns, as on a telephone
    "It is the butler\nwho did it all for\nthe ring of his\naunt.",
    "We find out late\nthat Rosa is his\ndaughter and that I\nhad been right.",
    "The film begins on\nan island, where a\nman called Otto Reh\nburies his wife.",
    # what no sentence ends in, before a name or a number
    "At the end Anna is found alive, and the ring goes to\nMargaret.",
    "The man in the cellar is the one whom they had looked for in\n1953.",
    "The captain (played by Paul\nAsh) is the thief.",
    "The thief is the captain (Paul Ash and\nnot Otto Reh) after all.",
    "She dies on the boat, in the arms of Otto\nReh.",
    # speech
    "“It was me, and I am not sorry,”\nsays Paul at last.",
    # small letters, with full stops
    "it is a fine film, and in the end we see that the old nurse\nkilled both of the brothers.",
    "nobody would guess that the uncle, of all people,\ntook the ring.",
    # items of a list that hang
    "- the music, by Lena Holm, is warm\n  and never too loud",
    "2. The boat sinks in the last chapter\n   and nobody is saved.",
    # after a form feed, in a text that was printed
    "We never learn who has\fpaid the killer of the king.",
]

LINES = [
    # blank lines
    ("The cast is\n\nweak here.", ["The cast is", "weak here."]),
    ("It was all\n \t\n a dream.", ["It was all", "a dream."]),
    ("It was all\r\n\r\na dream.", ["It was all", "a dream."]),
    # sentences on lines of their own
    ("He dies.\nShe lives.\nThe end.", ["He dies.", "She lives.", "The end."]),
    ("Great film\nWould watch again\nThe end is sad", ["Great film", "Would watch again", "The end is sad"]),
    (
        "Fine game. Loved it\nWould buy it again\nThe end made me cry. Go play",
        ["Fine game.", "Loved it", "Would buy it again", "The end made me cry.", "Go play"],
    ),
    # paragraphs on lines of their own
    (
        (
            "The first half takes its time and shows us the village, the lake and all the people who live there.\n"
            "the second half is a mess.\nAll in all I liked it more than I thought I would."
        ),
        [
            "The first half takes its time and shows us the village, the lake and all the people who live there.",
            "the second half is a mess.",
            "All in all I liked it more than I thought I would.",
        ],
    ),
    # paragraphs in small letters on lines of their own
    (
        "i liked the music and the boat, and the ring too.\nbtw the nurse did it\nanyway go and see it.",
        ["i liked the music and the boat, and the ring too.", "btw the nurse did it", "anyway go and see it."],
    ),
    ("just saw it. so good\nthe nurse did it", ["just saw it.", "so good", "the nurse did it"]),
    # lists
    ("What I liked.\n- the music\n- the cast\n- the end", ["What I liked.", "- the music", "- the cast", "- the end"]),
    ("Good:\n* music\n* cast\nBad:\n* the end", ["Good:", "* music", "* cast", "Bad:", "* the end"]),
    ("Pros:\ngreat music\ngreat cast\nCons:\nweak end", ["Pros:", "great music", "great cast", "Cons:", "weak end"]),
    ("Overall\ngreat music\ngreat cast\nweak end.", ["Overall", "great music", "great cast", "weak end."]),
    ("1) he lies\n2) she leaves\n3) they drown", ["1) he lies", "2) she leaves", "3) they drown"]),
    ("☑ long\n☐ short\n☑ worth it", ["☑ long", "☐ short", "☑ worth it"]),
    ("✅ the music\n❌ the end", ["✅ the music", "❌ the end"]),
    ("+Long\n+Loud\n-Too dear", ["+Long", "+Loud", "-Too dear"]),
    ("1\ufe0f\u20e3 the music\n2\ufe0f\u20e3 the cast", ["1\ufe0f\u20e3 the music", "2\ufe0f\u20e3 the cast"]),
    # headings and rules
    ("What I am at\nChapter 12, on the train, with tea.", ["What I am at", "Chapter 12, on the train, with tea."]),
    ("# The end\nhe dies in a lake.", ["# The end", "he dies in a lake."]),
    ("**The end**\nhe dies in a lake.", ["**The end**", "he dies in a lake."]),
    ("[STORY]\nhe dies in a lake. Fine.", ["[STORY]", "he dies in a lake.", "Fine."]),
    ("The End Of It\nhe dies in a lake. Fine.", ["The End Of It", "he dies in a lake.", "Fine."]),
    ("The end\n-------\nhe dies in a lake.", ["The end", "-------", "he dies in a lake."]),
    # verse
    (
        "Roses are red,\nViolets are blue,\nThe captain is dead,\nAnd so is the crew.",
        ["Roses are red,", "Violets are blue,", "The captain is dead,", "And so is the crew."],
    ),
    (
        (
            "The night came down on Harrow Hill\nThe lamps went out along the quay\n"
            "A sailor lay there very still\nAnd no one came to set him free"
        ),
        [
            "The night came down on Harrow Hill",
            "The lamps went out along the quay",
            "A sailor lay there very still",
            "And no one came to set him free",
        ],
    ),
    # chats and dialogue
    (
        "saw it last night\nthe nurse did it\nomg no way\ni cried so much",
        ["saw it last night", "the nurse did it", "omg no way", "i cried so much"],
    ),
    ("Just saw it\nThe nurse did it\nNo way", ["Just saw it", "The nurse did it", "No way"]),
    ("user1: he dies\nuser2: no way\nuser1: yes", ["user1: he dies", "user2: no way", "user1: yes"]),
    ("Anna: he dies\nPaul: no way", ["Anna: he dies", "Paul: no way"]),
    ("[12:03] anna\nhe dies\n[12:04] paul\nno", ["[12:03] anna", "he dies", "[12:04] paul", "no"]),
    ("<anna> he dies\n<paul> no way", ["<anna> he dies", "<paul> no way"]),
    ("— Is he dead?\n— Yes.\n— Ok.", ["— Is he dead?", "— Yes.", "— Ok."]),
    ("> he dies?\nyes. Sadly", ["> he dies?", "yes.", "Sadly"]),
    # forms and links of scraped pages
    ("Overall\n10\nRead more", ["Overall", "10", "Read more"]),
    ("Story\n8\nCharacters\n9\nHelpful", ["Story", "8", "Characters", "9", "Helpful"]),
    ("Rating: 8/10\nread more", ["Rating: 8/10", "read more"]),
    ("https://a.b/c https://a.b/d", ["https://a.b/c https://a.b/d"]),
    ("https://a.b/c https://a.b/d\nfine film.", ["https://a.b/c https://a.b/d", "fine film."]),
    ("More is here\nhttps://a.b/c", ["More is here", "https://a.b/c"]),
    # ends that are no full stops
    ("I cried so much :(\nthe nurse did it. Fine.", ["I cried so much :(", "the nurse did it.", "Fine."]),
    ("I cried so much 😭\nthe nurse did it. Fine.", ["I cried so much 😭", "the nurse did it.", "Fine."]),
    ("A Markdown line.  \nnot wrapped", ["A Markdown line.", "not wrapped"]),
]

EMOJI = [
    # between clauses
    (
        "saw it last night omg 😱 the nurse did it 🤯 how did i miss that",
        ["saw it last night omg 😱", "the nurse did it 🤯", "how did i miss that"],
    ),
    (
        "just finished it 😭 anna dies in the end 💔 i need a minute",
        ["just finished it 😭", "anna dies in the end 💔", "i need a minute"],
    ),
    ("loved it 😍😍 Then Anna dies 😭😭😭", ["loved it 😍😍", "Then Anna dies 😭😭😭"]),
    ("loved it 😍 😍 Then Anna dies", ["loved it 😍 😍", "Then Anna dies"]),
    ("the ending got me😭 the nurse did it", ["the ending got me😭", "the nurse did it"]),
    ("why would he do that 🤦🏽‍♀️ she was his sister", ["why would he do that 🤦🏽‍♀️", "she was his sister"]),
    ("i liked it so much ❤️ she marries him", ["i liked it so much ❤️", "she marries him"]),
    ("what a twist 🔥 nobody saw it coming", ["what a twist 🔥", "nobody saw it coming"]),
    ("great cast 👏👏 the uncle is the thief", ["great cast 👏👏", "the uncle is the thief"]),
    # emoticons
    ("loved it :) the captain drowns :( he was nice", ["loved it :)", "the captain drowns :(", "he was nice"]),
    ("never again xD they all die", ["never again xD", "they all die"]),
    ("a fine pair <3 she marries him", ["a fine pair <3 she marries him"]),
    ("we cried a lot ;_; and 8) is no face", ["we cried a lot ;_; and 8) is no face"]),
    # inside a clause
    *(
        (clause, [clause])
        for clause in (
            "I ❤ this film",
            "I ❤️ this film so much",
            "my mom ❤ this film",
            "the whole family ❤ this film",
            "we 😍 this movie so much",
            "five 🌟 from me",
            "I give it 5 ⭐ for the music",
            "my 🐶 loved it too",
            "the 🎬 was good",
            "this film is 🔥 from start to finish",
            "such a sad 😭 ending for her",
            "so 😭 in this one",
            "it made me 😭 at the end",
            "the end was 💀 for me",
            "Fun: ★ ★ ★ ☆ ☆ for two",
            "★★★★★",
            "see it at 10:00 or 12:30",
            "the ratio is 3:1 (I think)",
        )
    ),
    # at an end that a mark makes anyway
    ("He dies! 😢 She lives.", ["He dies!", "😢 She lives."]),
    ("NOT AT ALL ‼️ It’s fine", ["NOT AT ALL ‼️", "It’s fine"]),
]

TITLES = [
    "The killer in Who Framed Roger Rabbit? is the judge.",
    "In Who Framed Roger Rabbit? (1988) the judge did it.",
    '"Who Framed Roger Rabbit?" is fun.',
    "who framed roger rabbit? is great",
    "Mamma Mia! is fun.",
    "Mamma Mia! Here We Go Again is worse.",
    "I watched Mamma Mia! with my aunt.",
    "Yahoo! answers nothing.",
    "Airplane! was better than this.",
    "Mother! scared me.",
    "Mars Attacks! has the better end.",
    "Oklahoma! and Oliver! are musicals.",
    "The star of What's Up, Doc? dies.",
    "O Brother, Where Art Thou? remains their best.",
    "They Shoot Horses, Don't They? ends badly.",
    "Are We Nearly There Yet? deserves an award.",
    "I like Panic! at the Disco.",
    "We watched Jeopardy! contestants all night.",
    "Tora! Tora! Tora! is long.",
    "The band of Wham! fans cheers.",
    "Stop! Or My Mom Will Shoot is bad.",
    "In Help! the band goes skiing.",
    "In Whatever Happened to Baby Jane? the sister dies.",
    "The end of Dude, Where's My Car? explains it.",
    "Quo Vadis? tells of Nero.",
    "Oh, God! is a comedy.",
]

QUESTIONS = [
    ("Really? he dies.", ["Really?", "he dies."]),
    ("really? he dies. so sad", ["really?", "he dies.", "so sad"]),
    ("who did it? the nurse", ["who did it?", "the nurse"]),
    ("Who killed Anna? Nobody knows.", ["Who killed Anna?", "Nobody knows."]),
    ("He kills Paul! what a twist", ["He kills Paul!", "what a twist"]),
    ("come on! you have seen it", ["come on!", "you have seen it"]),
    ("I LOVED IT! great cast", ["I LOVED IT!", "great cast"]),
    ("Wow! amazed me", ["Wow!", "amazed me"]),
    ("Man! that's sad", ["Man!", "that's sad"]),
    ("In a word: wow! the nurse did it", ["In a word: wow!", "the nurse did it"]),
    ("Is he dead? I think so! Yes.", ["Is he dead?", "I think so!", "Yes."]),
    ("I saw Mamma Mia! It was fun.", ["I saw Mamma Mia!", "It was fun."]),
]

ABBREVIATED = [
    # before numbers
    *("He dies in vol. 4 of the story.", "He dies in Vol. #4 of it.", "Vols. 2 and 3 drag.", "Read ch. 12 first."),
    *(
        "In chap. 3 she lies.",
        "Chs. 4-6 are slow.",
        "Watch ep. 5 now.",
        "Eps. 1 to 4 drag.",
        "It is in bk. 2.",
        "See pt. 2.",
    ),
    *("See no. 5 again.", "Nos. 5 and 6 die.", "See p. 45 and pp. 46-49.", "Fig. 3 shows it.", "In sec. 2 he lies."),
    *("In seas. 3 he dies.", "It took approx. 3 hours.", "Built ca. 1900.", "It was est. 1990.", "Anna vs. 3 men."),
    *(
        "A song feat. 50 Cent.",
        "He was in Rm. 237 again.",
        "Rated min. 12 here.",
        "In yr. 2 she leaves.",
        "2 hrs. 10 mins. of fun.",
    ),
    # before Roman numerals, letters and numbers in words
    *(
        "See pt. II for the wedding.",
        "In Ep. V he is the father.",
        "Ch. X is slow.",
        "See vol. I of it.",
        "See vol. I.",
    ),
    *("Vols. I-III are fine.", "Pt. Two is better.", "pt. one was fun", "Fig. B shows it.", "See pt.II for more."),
    # units in the middle of a sentence
    *(
        "About 90 mins. of fun.",
        "He waits 3 yrs. and dies.",
        "He is 5 hrs. late.",
        "Wait 30 secs. longer.",
        "It has 8 eps. in all.",
    ),
    # others
    *(
        "Watch it, e.g. The end.",
        "Anna, i.e. the killer, dies.",
        "He ran, etc. and died.",
        "The film (dir. Ridley Ash) is long.",
    ),
    *("The song ft. Drake plays.", "A song feat. Drake plays.", "Alien vs. The Rest.", "Anna, a.k.a. The Fox, dies."),
    *(
        "Mr. Right dies.",
        "Mrs. Next lives.",
        "Ms. Holm plays her.",
        "Dr. No dies.",
        "Dr. Who is dead.",
        "Prof. Will knows it.",
    ),
    *(
        "St. Louis burns.",
        "Lt. Dan lives.",
        "Sgt. Early plays.",
        "Det. Other solves it.",
        "Fr. Merrin prays.",
        "Gen. Most falls.",
    ),
    *("At 5 a.m. he dies.", "The U.S. army wins.", "The studio, Ash Inc. of Ohio, paid.", "Sam Ash Jr. is in it."),
]

ENDED = [
    ("It lasts 90 mins. Great fun.", ["It lasts 90 mins.", "Great fun."]),
    ("It was 10 pts. I loved it.", ["It was 10 pts.", "I loved it."]),
    ("It has 8 eps. They drag.", ["It has 8 eps.", "They drag."]),
    ("I said no. Then he left.", ["I said no.", "Then he left."]),
    ("I love Mad Max. 10/10 from me.", ["I love Mad Max.", "10/10 from me."]),
    ("He died in 1994. 4 people came.", ["He died in 1994.", "4 people came."]),
    ("She lives in the U.S. He dies.", ["She lives in the U.S.", "He dies."]),
    ("She is a Dr. He is a patient.", ["She is a Dr.", "He is a patient."]),
    ("They sing, dance, etc. He dies.", ["They sing, dance, etc.", "He dies."]),
    ("it lasts 2 hrs. i cried", ["it lasts 2 hrs.", "i cried"]),
    ("ten eps. a boy builds a boat", ["ten eps.", "a boy builds a boat"]),
]

TAGGED = [
    (
        "I loved it<br>In the end Anna dies<br>Nice music",
        ["I loved it", "In the end Anna dies", "Nice music"],
    ),
    ("one<BR/>two<br />three<hr>four<Br clear='all'>five", ["one", "two", "three", "four", "five"]),
    ("He dies.</p><p>She lives.</p>", ["He dies.", "She lives."]),
    ("<b>He</b> dies.<br>She lives.", ["<b>He</b> dies.", "She lives."]),
    ('<p>I loved it</p><P class="a>b">Anna dies</P>', ["I loved it", "Anna dies"]),
    ("<ul><li>one<li>two</li></ul>three", ["one", "two", "three"]),
    ("<h1>Title</h1><div style='x'>He dies. Ok</div>", ["Title", "He dies.", "Ok"]),
    ("<blockquote>He dies</blockquote>she said", ["He dies", "she said"]),
    ("<table><tr><td>Anna</td><td>dies</td></tr></table>", ["Anna", "dies"]),
    ("In the end the<br>\nnurse did it", ["In the end the", "nurse did it"]),
    ("one&lt;br /&gt;two&lt;BR&gt;three", ["one", "two", "three"]),
    ("<p>", []),
    ("<br><br/> </p>", []),
    # tags that do not break lines, and what is no tag
    ("He <b>dies</b> <span class='x'>here</span>.", ["He <b>dies</b> <span class='x'>here</span>."]),
    ("a < b and c > d", ["a < b and c > d"]),
    ("I wrote a <paper> here", ["I wrote a <paper> here"]),
    ("<p\tthe nurse did it >Nice music.", ["<p\tthe nurse did it >Nice music."]),
    ("a <br she dies> b </p he lives> c", ["a <br she dies> b </p he lives> c"]),
    ("a <p class='x' she dies> b", ["a <p class='x' she dies> b"]),
    ('one<p id = x\nclass="a > b"/>two<br clear=all/>three', ["one", "two", "three"]),
    ("one<details open>two<hr noshade size=2>three", ["one", "two", "three"]),
    ("it ends <p", ["it ends <p"]),
]

QUOTED = [
    ('He said "and more. She lives. Ok.', ['He said "and more.', "She lives.", "Ok."]),
    ('"He dies. She lives. Ok.', ['"He dies.', "She lives.", "Ok."]),
    ('He dies." She lives. "Ok," he said.', ['He dies."', "She lives.", '"Ok," he said.']),
    ('A 5" screen. He dies. A 6" one. Ok.', ['A 5" screen.', "He dies.", 'A 6" one.', "Ok."]),
    ('It is "over.\'\' She lives. "Ok," he said.', ["It is \"over.''", "She lives.", '"Ok," he said.']),
    ("It is ''over.\" She lives. Ok.", ["It is ''over.\"", "She lives.", "Ok."]),
    ("“He dies. She lives. “Ok,” he said.", ["“He dies.", "She lives.", "“Ok,” he said."]),
    ("He dies.” She lives. “Ok,” he said.", ["He dies.”", "She lives.", "“Ok,” he said."]),
    ('“He dies. She lives." Go. Fine.', ["“He dies.", 'She lives."', "Go.", "Fine."]),
    ("«He dies. She lives. «Ok» he said.", ["«He dies.", "She lives.", "«Ok» he said."]),
    ("'Twas nice. He dies. The boys' room.", ["'Twas nice.", "He dies.", "The boys' room."]),
    ("It was 'fine. He dies. Ok.", ["It was 'fine.", "He dies.", "Ok."]),
    ("``He dies. She lives. Ok.", ["``He dies.", "She lives.", "Ok."]),
    # brackets
    ("So sad :( He dies. She lives :) Ok.", ["So sad :(", "He dies.", "She lives :) Ok."]),
    ("He dies (and more. She lives. Ok (or so).", ["He dies (and more.", "She lives.", "Ok (or so)."]),
    ("I <3 it. He dies. So 5 > 4.", ["I <3 it.", "He dies.", "So 5 > 4."]),
    ("(4) He dies. She lives (or so). Ok.", ["(4) He dies.", "She lives (or so).", "Ok."]),
    ("(a) He dies. She lives. Ok.", ["(a) He dies.", "She lives.", "Ok."]),
    # a review in quotes
    (
        f'"{"A warm film with a fine old cast and a good score. " * 9}Anna dies. Go and see it."',
        ['"A warm film with a fine old cast and a good score.']
        + ["A warm film with a fine old cast and a good score."] * 8
        + ["Anna dies.", 'Go and see it."'],
    ),
    # with a partner, a quote is one sentence still
    ("He dies. «Ja. Nein», he said. Go.", ["He dies.", "«Ja. Nein», he said.", "Go."]),
    ("He dies. „Ja. Nein“, he said. Go.", ["He dies.", "„Ja. Nein“, he said.", "Go."]),
    ("He dies. »Ja. Nein«, he said. Go.", ["He dies.", "»Ja. Nein«, he said.", "Go."]),
    ('"He dies. She lives," he said. Ok.', ['"He dies. She lives," he said.', "Ok."]),
    ("“He dies. She lives,” he said. Ok.", ["“He dies. She lives,” he said.", "Ok."]),
    ("He's there, 'a ghost.' Go. It's Anna's.", ["He's there, 'a ghost.'", "Go.", "It's Anna's."]),
]

KINDS = [*GOLDEN, *LINES, *EMOJI, *QUESTIONS, *ENDED, *TAGGED, *QUOTED]


@pytest.mark.parametrize(("review", "sentences"), KINDS, ids=[ascii(review)[:40] for review, _ in KINDS])
def test_a_review_is_cut_where_a_reader_would_cut_it(review: str, sentences: list[str]) -> None:
    assert texts(review) == sentences


@pytest.mark.parametrize("sentence", [*TITLES, *ABBREVIATED, *WRAPPED], ids=ascii)
def test_a_mark_or_a_break_inside_a_sentence_does_not_cut_it(sentence: str) -> None:
    assert texts(sentence) == [sentence]
    assert texts(f"{sentence}\n\nNice music.") == [sentence, "Nice music."]


@pytest.mark.parametrize("sentence", sorted({piece for _, pieces in KINDS for piece in pieces}), ids=ascii)
def test_a_sentence_is_not_cut_again(sentence: str) -> None:
    assert texts(sentence) == [sentence]


PROSE = (
    "The Lighthouse Keeper opens on a grey morning in Harrow Bay, and for an hour nothing much seems to happen. Old "
    "Mr. Ito climbs the stairs, trims the lamp, and writes his letters to Margaret. Who is she? We learn it late, "
    "in a scene that I will not forget (the one with the boat). I thought at first that Captain Rowe had drowned her, "
    "because he lies to everyone and keeps her ring. He did not! In the end it is Ito himself who rowed her out, and "
    "the letters were never sent. The music by Lena Holm is fine, the acting is better than that, and Paul Ash as the "
    'young priest steals every scene. Some will find it slow; I did not. "You never asked," he says, and I cried. '
    "Fans of The Long Winter should go and see it, preferably on a big screen, e.g. at the old Regent in Dover. "
)


@pytest.mark.parametrize("width", [50, 60, 72, 80, 100])
@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_wrapped_prose_is_cut_as_unwrapped_prose(width: int, line_break: str) -> None:
    for start in range(0, 400, 40):
        prose = PROSE[start:].strip() + "\n\n" + PROSE
        wrapped = "\n\n".join(textwrap.fill(paragraph, width) for paragraph in prose.split("\n\n"))
        assert [joined(text) for text in texts(wrapped.replace("\n", line_break))] == texts(prose)


@pytest.mark.parametrize("width", [50, 72, 100])
def test_wrapped_small_letters_without_full_stops_are_cut_as_unwrapped_ones(width: int) -> None:
    words = "so the captain was her father all along when he burned the ship which nobody saw coming " * 4
    assert [joined(text) for text in texts(textwrap.fill(words, width))] == texts(words)


RUN_ON = (
    "i went to see this on a rainy day with my aunt and the hall was half empty because nobody knew of it but the "
    "music is lovely and in the end the nurse turns out to be the killer so we walked home along the river and we "
    "talked about it for hours"
)


def test_a_very_long_sentence_without_marks_is_cut_where_clauses_begin() -> None:
    assert texts(RUN_ON) == [
        "i went to see this on a rainy day with my aunt",
        "and the hall was half empty because nobody knew of it",
        "but the music is lovely and in the end the nurse turns out to be the killer",
        "so we walked home along the river and we talked about it for hours",
    ]


def test_nouns_between_conjunctions_are_no_clauses() -> None:
    nouns = "i liked the old captain on the boat " + "and the young nurse of the other village on the hill " * 4
    assert texts(nouns) == [nouns.strip()]


@pytest.mark.parametrize("mark", [",", ";", " –"])
def test_with_marks_or_shorter_it_stays_one_sentence(mark: str) -> None:
    marked = RUN_ON.replace(" and", f"{mark} and")
    assert texts(marked) == [marked]
    assert texts(RUN_ON[:190]) == [RUN_ON[:190].strip()]


@pytest.mark.parametrize("width", [50, 72, 100])
def test_lists_and_headings_end_sentences_in_a_wrapped_text_too(width: int) -> None:
    prose = textwrap.fill(PROSE, width)
    review = f"{prose}\n\nThe good\n- the music of Lena Holm\n- the boat\n\nThe bad\n{prose}"
    lines = ["The good", "- the music of Lena Holm", "- the boat", "The bad"]
    assert [joined(text) for text in texts(review)] == [*texts(PROSE), *lines, *texts(PROSE)]


def test_paragraphs_on_lines_of_their_own_stay_apart() -> None:
    paragraphs = [PROSE[:220].rsplit(" ", 1)[0], PROSE[300:600].split(" ", 1)[1].rsplit(" ", 1)[0], PROSE.strip()]
    review = "\n".join(paragraphs)
    assert texts(review) == [text for paragraph in paragraphs for text in texts(paragraph)]


@given(review=ANY_TEXT)
def test_sentences_are_slices_in_order_and_only_blanks_or_tags_lie_between_them(review: str) -> None:
    done = 0
    between = []
    for text, start, end in split(review):
        assert review[start:end] == text == text.strip(BLANKS)
        assert text.strip()
        assert start >= done
        between.append(review[done:start])
        done = end
    between.append(review[done:])
    assert not [gap for gap in between if LINE_TAG.sub("", gap.replace("&lt;br&gt;", "")).strip()]


@given(review=ANY_TEXT)
def test_no_sentence_goes_on_behind_a_blank_line(review: str) -> None:
    assert not any(BLANK_LINE.search(text) or re.search(r"[\u2028\u2029\v\x1c-\x1e]", text) for text in texts(review))


@given(first=ANY_TEXT, second=ANY_TEXT)
@example(first=".…", second="A")
def test_a_line_between_blank_lines_is_cut_the_same_whatever_stands_around_it(first: str, second: str) -> None:
    first, second = (re.sub(r"[\n\r\f<]|&lt;", "", text) for text in (first, second))
    shift = len(first) + 2
    behind = [Sentence(text, start + shift, end + shift) for text, start, end in split(second)]
    assert split(f"{first}\n\n{second}") == split(first) + behind


def test_a_language_brings_its_abbreviations() -> None:
    review = "Das ist z.B. Dr. Schmidt. Er stirbt."
    assert texts(review, language="de")[-1] == "Er stirbt."


def test_a_sentence_without_end_is_cut_at_a_blank_rather_than_waited_for() -> None:
    pieces = texts("word " * 10_000)
    assert max(map(len, pieces)) <= 8192
    assert [word for piece in pieces for word in piece.split()] == ["word"] * 10_000


BLANK_BEFORE_STOP = [
    f"{capital}{blank}{stop}{rest}"
    for capital in ("Part I", "Vitamin C", "X", "Ep. V")
    for blank in sorted(char for char in map(chr, range(0x3001)) if char.isspace())
    for stop in ".!?"
    for rest in ("", " The end", "\xa0The end")
]
BLANK_BEFORE_STOP += ["Vitamin C\u2009. Ok", "V\u2003 \u2003.\tVb", "b.U.S\t\u3000.U.SV", "X" + "\xa0" * 99 + "."]


def test_a_single_letter_an_odd_blank_and_a_full_stop_bring_nothing_down() -> None:
    before = sentences_module.failures
    for review in BLANK_BEFORE_STOP:
        assert [review[start:end] for _, start, end in split(review)] == texts(review)
    assert sentences_module.failures == before


class PanicException(BaseException):  # PyO3 gives it that name
    """Stands for what Rust raises."""


@pytest.fixture
def panic(monkeypatch: pytest.MonkeyPatch) -> None:
    def segment(language: str, text: str) -> list[str]:
        raise PanicException("end byte index 7 is not a char boundary")

    monkeypatch.setattr(sentencex, "segment", segment)
    monkeypatch.setattr(sentences_module, "failures", 0)


@pytest.mark.usefixtures("panic")
def test_a_line_on_which_sentencex_fails_is_cut_at_its_marks_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert texts("He dies. She lives!\n\nOk… Fine") == ["He dies.", "She lives!", "Ok…", "Fine"]
    assert sentences_module.failures == 2
    assert [record.getMessage().split(",")[0] for record in caplog.records] == ["sentencex failed on a line"]


def test_what_is_no_failure_of_sentencex_passes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    def segment(language: str, text: str) -> list[str]:
        raise KeyboardInterrupt

    monkeypatch.setattr(sentencex, "segment", segment)
    with pytest.raises(KeyboardInterrupt):
        split("He dies.")


WORDS = [
    "I",
    "A",
    "C",
    "X",
    "II",
    "Vol",
    "Mr",
    "e.g",
    "U.S",
    "pt",
    "he dies",
    "no",
    "1",
    "死",
    "é",
    "\u0301",
    "\ud800",
    "\0",
]
SIGNS = [
    *".!?…。,:;-'\"“”‘’«»„()[]{}<>|*_#`^",
    "''",
    "...",
    "||",
    ">!",
    "</b>",
    "<br>",
    "<p",
    "😱",
    "❤️",
    ":)",
    "★",
    "\n",
    "\r\n",
]
GAPS = [*filter(str.isspace, map(chr, range(0x3001))), "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u180e"]


def generated(seed: int, n: int) -> Iterator[str]:
    rng = random.Random(seed)
    for _ in range(n):
        yield "".join(rng.choice(rng.choice((WORDS, SIGNS, GAPS))) for _ in range(rng.randint(1, 9)))


@pytest.mark.parametrize(
    ("seed", "n"), [(0, 5_000), *(pytest.param(seed, 250_000, marks=pytest.mark.slow) for seed in range(1, 5))]
)
def test_no_generated_text_makes_the_splitter_fail(seed: int, n: int) -> None:
    before = sentences_module.failures
    for review in generated(seed, n):
        for text, start, end in split(review):
            assert review[start:end] == text
    assert sentences_module.failures == before


FAMILIES = [
    *["word ", "A. ", "“He. ", "(", "'a. ", " ", "a\n", " \n", "x", "!", "1. ", "[/b]", "**", "…", "\ud800", "مات. "],
    *[
        "and the end ",
        "and  ",
        "the\nend ",
        "Ab\n",
        "- a\n",
        "<p ",
        '<p "',
        "<br>",
        "&lt;br",
        "www.",
        "vol. 4 ",
        "vol. ",
        "A b! is ",
        "A! ",
    ],
    *[
        "'a ",
        '"a. ',
        "''a ",
        "`a ",
        "‘a ",
        "“",
        "«",
        "»",
        "(a) ",
        "[",
        ":( ",
        "😱 a b ",
        "i saw 😱 ",
        "★",
        "\u200d'\"“`",
    ],
]


def seconds(review: str) -> float:
    started = time.process_time()
    split(review)
    return time.process_time() - started


@pytest.mark.benchmark
@pytest.mark.parametrize("family", FAMILIES, ids=ascii)
def test_four_times_the_text_takes_about_four_times_the_time(family: str) -> None:
    text = family * (20_000 // len(family))
    short, long = (min(seconds(text * times) for _ in range(2)) for times in (1, 4))
    assert long < 4 * 3 * max(short, 0.002)  # the square would be 16


@pytest.mark.benchmark
@pytest.mark.parametrize("between", ["", "\n", "\n\n"], ids=ascii)
def test_ten_times_the_prose_takes_about_ten_times_the_time(between: str) -> None:
    text = (PROSE + between) * 150
    short, long = (min(seconds(text * times) for _ in range(2)) for times in (1, 10))
    assert long < 10 * 3 * short  # the square would be 100


@pytest.mark.parametrize("family", FAMILIES, ids=ascii)
def test_sentencex_reads_a_text_about_once_and_in_windows(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    segment = sentencex.segment

    def counting(language: str, text: str) -> list[str]:
        read.append(len(text))
        found: list[str] = segment(language, text)
        return found

    monkeypatch.setattr(sentencex, "segment", counting)
    text = family * (20_000 // len(family))
    split(text)
    assert sum(read) <= 2 * len(text)
    assert max(read, default=0) <= 8192


def test_dense_quotes_are_read_in_small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    def counting(language: str, text: str) -> list[str]:
        read.append(len(text))
        return [text]

    monkeypatch.setattr(sentencex, "segment", counting)
    split("\u200d'\"“`\u200d" * 2_000)
    assert max(read) <= 256


@pytest.mark.slow
def test_200_000_lines_are_cut() -> None:
    assert len(split("He dies.\n" * 200_000)) == 200_000
