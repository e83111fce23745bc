"""The tables that come with the package: whole reviews with labels, and a suite of hard cases in pairs.

A wheel holds them beside this module; a checkout or an editable install holds them in its folder ``datasets``.
``datasets/README.md`` says where they come from and what they cannot teach. Texts that may not be passed on are kept
outside of the repository, in `data_home`.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from spoilerguard.corpus import Corpus
from spoilerguard.datasets.loading import load_corpus
from spoilerguard.datasets.stories import load_stories
from spoilerguard.datasets.text_lines import read_json_lines
from spoilerguard.errors import CorpusError, did_you_mean
from spoilerguard.story import Story

__all__ = [
    "SAMPLES",
    "SPLITS",
    "Challenge",
    "ChallengeCase",
    "data_home",
    "load_challenge",
    "load_challenge_stories",
    "load_reviews",
    "sample",
]

SPLITS = ("train", "dev", "test")
# What to try things on: the name of each sample, and where it lies.
SAMPLES = {
    "with_spoilers.txt": "examples/with_spoilers.txt",
    "without_spoilers.txt": "examples/without_spoilers.txt",
    "train.jsonl": "reviews/train.jsonl",
    "dev.jsonl": "reviews/dev.jsonl",
    "test.jsonl": "reviews/test.jsonl",
}

_FOLDERS = (Path(__file__).parent / "data", Path(__file__).parents[2] / "datasets")


def load_reviews(split: Literal["train", "dev", "test"] | None = None) -> Corpus:
    """Whole reviews written for this project, labelled sentence by sentence; works never cross the splits.

    Parameters
    ----------
    split : "train", "dev", "test" or None
        Which part; None means all of them, with the column ``split``.

    Returns
    -------
    Corpus

    Raises
    ------
    CorpusError
        Where the files are missing.

    Notes
    -----
    The encoders of the bundled models have learnt the labels of "train". To measure a model that stands on them, take
    the other two.

    Examples
    --------
    >>> load_reviews("dev")
    Corpus('spoilerguard reviews, dev', 1,250 sentences, 11.4 % spoilers, 112 groups)
    """
    if split is not None and split not in SPLITS:
        raise ValueError(f"split must be one of {', '.join(map(repr, SPLITS))} or None, not {split!r}")
    parts = [load_corpus(_bundled_file(f"reviews/{name}.jsonl")) for name in (SPLITS if split is None else (split,))]
    return Corpus(Corpus.concat(parts).frame, f"spoilerguard reviews, {split}" if split else "spoilerguard reviews")


def sample(name: str) -> Path:
    """A sample file that comes with the package, to try things on.

    Parameters
    ----------
    name : str
        One of `SAMPLES`: two reviews of an invented film, with and without spoilers, and three labelled
        tables.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    ValueError
        Where there is no such sample.

    Examples
    --------
    >>> sample("with_spoilers.txt").read_text(encoding="utf-8")[:34]
    'The Saltmarsh Letters is the most '
    """
    if name not in SAMPLES:
        raise ValueError(f"there is no sample {name!r}; there are {', '.join(SAMPLES)}.{did_you_mean(name, SAMPLES)}")
    return _bundled_file(SAMPLES[name])


@dataclass(frozen=True, slots=True)
class ChallengeCase:
    """One sentence that is hard to classify.

    Attributes
    ----------
    id : str
        Such as ``"hint-003b"``.
    ability : str
        What it takes to classify it, such as ``"hint_against_reveal"``.
    pair : str
        The same for cases that differ in little: in what makes the one a spoiler, or in nothing that matters.
    before : str
        The sentences before it in its review; empty where it stands alone.
    sentence : str
        The sentence to classify.
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
    Challenge(756 cases, 373 pairs, 30 abilities)
    """
    path = _bundled_file("challenge/challenge.jsonl")
    cases = []
    for line, record in read_json_lines(path):
        texts = {name: record.get(name) for name in ("id", "ability", "pair", "before", "sentence", "kind", "label")}
        faults = [name for name, value in texts.items() if not isinstance(value, str)]
        if faults or texts["label"] not in ("safe", "spoiler"):
            fault = (faults or ["label"])[0]
            raise CorpusError(f"{path}, line {line}, key {fault!r}: missing, or no such value; restore the file")
        spoiler = texts.pop("label") == "spoiler"
        cases.append(ChallengeCase(spoiler=spoiler, **{name: str(value) for name, value in texts.items()}))
    return Challenge(tuple(cases))


def load_challenge_stories() -> dict[str, Story]:
    """What is known of the works of three abilities, for `run_challenge(stories=…)`; models learn nothing from it.

    Returns
    -------
    dict of str to Story
        Under the id of a case or of a pair.

    Examples
    --------
    >>> load_challenge_stories()["opening-012b"].names
    ('Bayarmaa',)
    """
    return load_stories(_bundled_file("challenge/stories.jsonl"))


def data_home() -> Path:
    """The folder with the project's texts that may not be passed on; it need not exist.

    Returns
    -------
    pathlib.Path
        ``SPOILERGUARD_DATA`` of the environment, else ``../shared/data`` beside the checkout.

    Examples
    --------
    >>> (data_home() / "gold" / "dev.jsonl").name
    'dev.jsonl'
    """
    folder = os.environ.get("SPOILERGUARD_DATA")
    return Path(folder).expanduser() if folder else Path(__file__).parents[3] / "shared" / "data"


def _bundled_file(name: str) -> Path:
    for folder in _FOLDERS:
        if (folder / name).is_file():
            return folder / name
    raise CorpusError(
        f"the bundled file {name} is neither in the package ({_FOLDERS[0]}) nor in a checkout ({_FOLDERS[-1]}): "
        "install spoilerguard again, as files and not as a zip archive, or clone its repository"
    )
