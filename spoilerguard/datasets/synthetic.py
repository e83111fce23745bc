"""Invented reviews for tests, examples and notebooks: no owner, no terms, no faults.

The sentences are put together from parts at random, so that a model can learn them, but not without error.
"""

import random

import pandas as pd

from spoilerguard.corpus import Corpus

__all__ = ["make_corpus"]

_WHO = "the maid|the captain|her brother|the inspector|the nurse|young Teddy|a stranger|the widow|old Lind|the clerk"
_DID = "poisoned|betrayed|killed|married|rescued|framed|buried|abandoned|outlived|confronted|forgave|shot"
_WHOM = "the twin|the real heir|his father|the mayor|the lost child|their friend|the false priest|the pilot|the judge"
_WHERE = (
    "near the mill|behind a chapel|by the river|in the vault|under the bridge|at the bakery|at the station|on the ship"
)
_WHEN = (
    "before dawn|after supper|during the storm|in the final hour|at midnight|on their wedding day|while others slept"
)
_WHY = "out of spite|for a wager|without a word|with great care|to settle a debt|in a hurry|for the money|by mistake"

_PART = "the acting|the score|the camera|the first act|the dialogue|the pacing|the lead|the set design|young Mercer"
_FELT = "felt fresh|seemed flat|was lovely|wore me out|surprised us|looked cheap|held together|aged well|fell short"
_AND = "and the humour|but the sound|and the cast|though the editing|yet the costumes|and the chapters|but the prose"
_TOO = "worked better|lacked charm|made up for it|left me cold|deserved praise|came close|stayed dull|was a delight"
_THAN = "than usual|on a second visit|at this length|for its budget|as so often|in most scenes|by and large|all told"
_FOR = "for fans at least|to be fair|in my opinion|if you ask me|on a rainy day|after the hype|on the big screen"

_PLOT = tuple(part.split("|") for part in (_WHO, _DID, _WHOM, _WHERE, _WHEN, _WHY, _WHO, _DID, _WHOM))
_TALK = tuple(part.split("|") for part in (_PART, _FELT, _AND, _TOO, _THAN, _FOR, _PART, _FELT))


def make_corpus(
    *, works: int = 12, reviews: int = 4, sentences: int = 6, spoilers: float = 0.25, noise: float = 0.1, seed: int = 0
) -> Corpus:
    """Invented reviews with invented labels.

    Parameters
    ----------
    works, reviews, sentences : int
        How many works, reviews of each, sentences in each.
    spoilers : float
        About this share of the sentences are spoilers.
    noise : float
        About this share of the sentences read like the other class, so that no model is perfect.
    seed : int
        Another seed, other reviews of other works.

    Returns
    -------
    Corpus

    Raises
    ------
    ValueError
        Where there would be no sentence.

    Examples
    --------
    >>> make_corpus(works=5, reviews=2)
    Corpus('make_corpus(seed=0)', 60 sentences, 26.7 % spoilers, 5 groups)
    """
    if min(works, reviews, sentences) < 1:
        raise ValueError("works, reviews and sentences must be 1 or more")
    draw = random.Random(seed)  # noqa: S311 - no secret
    rows = [
        {**_random_row(draw, spoilers, noise), "review_id": f"s{seed}-w{work}-r{review}", "position": position}
        | {"work": f"Film {seed}-{work}", "source": f"site {review % 2}"}
        for work in range(works)
        for review in range(reviews)
        for position in range(sentences)
    ]
    return Corpus.from_frame(pd.DataFrame(rows), name=f"make_corpus(seed={seed})")


def _random_row(draw: random.Random, spoilers: float, noise: float) -> dict[str, object]:
    spoiler = draw.random() < spoilers
    reads_like_one = spoiler != (draw.random() < noise)
    parts = [draw.choice(choices) for choices in (_PLOT if reads_like_one else _TALK)]
    text = f"{' '.join(parts[:5])}, {parts[5]}; {' '.join(parts[6:])}."
    return {"sentence": text[0].upper() + text[1:], "spoiler": int(spoiler)}
