"""The tables that the project owns: whole reviews with labels, and a suite of hard cases in pairs.

A wheel holds them beside this module; a checkout or an editable install holds them in its folder ``datasets``. Where
they come from, and what they cannot teach, stands in ``datasets/README.md``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..corpus import Corpus
from ..errors import CorpusError
from .lines import numbered_lines
from .loading import load_corpus
from .ucsd import load_object

__all__ = ["SPLITS", "Challenge", "ChallengeCase", "load_challenge", "load_reviews"]

SPLITS = ("train", "dev", "test")

_PLACES = (Path(__file__).parent / "data", Path(__file__).parents[2] / "datasets")


def load_reviews(split: Literal["train", "dev", "test"] | None = None) -> Corpus:
    """Whole reviews written for this project, labelled sentence by sentence; works never cross the splits.

    Parameters
    ----------
    split : "train", "dev", "test" or None
        Which part; None means all of them, told apart by the column ``split``.

    Returns
    -------
    Corpus

    Raises
    ------
    CorpusError
        Where the files are missing.

    Examples
    --------
    >>> load_reviews("dev")
    Corpus('spoilerguard reviews, dev', 1,250 sentences, 11.4 % spoilers, 112 groups)
    """
    if split is not None and split not in SPLITS:
        raise ValueError(f"split must be one of {', '.join(map(repr, SPLITS))} or None, not {split!r}")
    wanted = SPLITS if split is None else (split,)
    corpora = [load_corpus(_found(f"reviews/{name}.jsonl")) for name in wanted]
    return Corpus(Corpus.concat(corpora).frame, ", ".join(["spoilerguard reviews", *filter(None, [split])]))


@dataclass(frozen=True, slots=True)
class ChallengeCase:
    """One sentence that is easily misjudged.

    Attributes
    ----------
    id : str
        Such as ``"hint-003b"``.
    ability : str
        What it takes to judge it, such as ``"hint_against_reveal"``.
    pair : str
        The same for cases that differ in little: in what makes the one a spoiler, or in nothing that matters.
    before : str
        What stands before it in its review; empty where it stands alone.
    sentence : str
        The sentence to judge.
    spoiler : bool
        The right answer.
    kind : str
        Kind of work: film, series, novel, comic or game.
    """

    id: str
    ability: str
    pair: str
    before: str
    sentence: str
    spoiler: bool
    kind: str


@dataclass(frozen=True)
class Challenge:
    """Hard cases, those of one ability and of one pair side by side.

    Attributes
    ----------
    cases : tuple of ChallengeCase
    """

    cases: tuple[ChallengeCase, ...]

    def __len__(self) -> int:
        return len(self.cases)

    def __iter__(self) -> Iterator[ChallengeCase]:
        return iter(self.cases)

    def __repr__(self) -> str:
        pairs = len({case.pair for case in self.cases})
        return f"Challenge({len(self)} cases, {pairs} pairs, {len(self.abilities)} abilities)"

    @property
    def abilities(self) -> tuple[str, ...]:
        """The abilities, in the order of the cases."""
        return tuple(dict.fromkeys(case.ability for case in self.cases))


def load_challenge() -> Challenge:
    """Hard cases in minimal pairs, after CheckList (Ribeiro et al. 2020); see `spoilerguard.challenge.run_challenge`.

    Returns
    -------
    Challenge

    Raises
    ------
    CorpusError
        Where the file is missing or damaged.

    Examples
    --------
    >>> load_challenge()
    Challenge(516 cases, 253 pairs, 20 abilities)
    """
    path = _found("challenge/challenge.jsonl")
    return Challenge(tuple(_case(line, f"{path}, line {number}") for number, line in numbered_lines(path)))


def _case(line: str, place: str) -> ChallengeCase:
    record = load_object(line, place)
    spoiler = {"safe": False, "spoiler": True}.get(str(record.get("label")))
    texts = {name: record.get(name) for name in ("id", "ability", "pair", "before", "sentence", "kind")}
    faults = [name for name, value in texts.items() if not isinstance(value, str)]
    if faults or spoiler is None:
        raise CorpusError(f"{place}, key {(faults or ['label'])[0]!r}: missing, or no such value; restore the file")
    return ChallengeCase(spoiler=spoiler, **{name: str(value) for name, value in texts.items()})


def _found(name: str) -> Path:
    for place in _PLACES:
        if (place / name).is_file():
            return place / name
    raise CorpusError(
        f"the project's own {name} is neither in the package ({_PLACES[0]}) nor in a checkout ({_PLACES[1]}): "
        "install spoilerguard again, or clone its repository"
    )
