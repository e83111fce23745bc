"""Model × hard cases → a pass rate for each ability: what a model understands, and what it only seems to.

One figure over a corpus hides what is missing, since easy sentences make up most of it. CheckList (Ribeiro et al. 2020)
asks for one ability at a time instead, by minimal pairs: two sentences that share nearly all words and differ in the
verdict, or differ in the words and share it. A pair is about order, so it is also told how many contrasts a model ranks
rightly, whatever its threshold.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby

import numpy as np
import pandas as pd

from spoilerguard import sentences
from spoilerguard.corpus import Corpus
from spoilerguard.datasets import Challenge, ChallengeCase, load_challenge
from spoilerguard.evaluation.judging import judge
from spoilerguard.model import SpoilerClassifier

__all__ = ["AbilityResult", "ChallengeReport", "run_challenge"]

_Z = 1.959964  # of a 95 % interval


@dataclass(frozen=True, slots=True)
class AbilityResult:
    """How a model did on the cases of one ability.

    Attributes
    ----------
    ability : str
    n_cases, n_passed : int
        Cases, and those judged rightly at the model's threshold.
    n_pairs, n_pairs_right : int
        Pairs, and those of which every case is judged rightly.
    n_contrasts, n_ranked : int
        Pairs of a spoiler and a safe sentence, and those in which the spoiler is the more probable one: no threshold
        takes part.

    Examples
    --------
    >>> result = AbilityResult("negation", 10, 8, 5, 3, 5, 4)
    >>> result.pass_rate, result.ranked_rate, [round(bound, 2) for bound in result.interval]
    (0.8, 0.8, [0.49, 0.94])
    """

    ability: str
    n_cases: int
    n_passed: int
    n_pairs: int
    n_pairs_right: int
    n_contrasts: int
    n_ranked: int

    @property
    def pass_rate(self) -> float:
        """Share of the cases that are judged rightly."""
        return self.n_passed / self.n_cases

    @property
    def interval(self) -> tuple[float, float]:
        """Bounds of the pass rate's 95 % interval, which stays within [0, 1] for a handful of cases (Wilson 1927)."""
        n, share = self.n_cases, self.pass_rate
        middle = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
        spread = _Z * np.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2)) / (1 + _Z**2 / n)
        return max(0.0, float(middle - spread)), min(1.0, float(middle + spread))

    @property
    def ranked_rate(self) -> float:
        """Share of the contrasts that are ranked rightly; NaN where the ability has none."""
        return self.n_ranked / self.n_contrasts if self.n_contrasts else float("nan")


@dataclass(frozen=True)
class ChallengeReport:
    """What `run_challenge` found.

    Attributes
    ----------
    abilities : tuple of AbilityResult
        In the order of the challenge.
    failed : tuple of str
        Ids of the cases that are judged wrongly.
    """

    abilities: tuple[AbilityResult, ...]
    failed: tuple[str, ...]

    @property
    def overall(self) -> AbilityResult:
        """All abilities together."""
        counts = np.array([list(asdict(result).values())[1:] for result in self.abilities], dtype=np.int64).sum(axis=0)
        return AbilityResult("all", *counts.tolist())

    def to_frame(self) -> pd.DataFrame:
        """One row an ability, the last one for all."""
        rows = [
            asdict(result)
            | {"pass_rate": result.pass_rate, "low": result.interval[0], "high": result.interval[1]}
            | {"ranked_rate": result.ranked_rate}
            for result in (*self.abilities, self.overall)
        ]
        return pd.DataFrame(rows)

    def to_json(self) -> str:
        """The report as a JSON object: ``abilities`` (the last one for all) and ``failed``."""
        frame = self.to_frame()
        rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
        return json.dumps({"abilities": rows, "failed": self.failed}, indent=2)

    def __str__(self) -> str:
        width = max(len(result.ability) for result in self.abilities)
        head = f"{'':{width}}    {'passed':33}{'pairs right':14}ranked rightly"
        return "\n".join([head, *(_line(result, width) for result in (*self.abilities, self.overall))])


def run_challenge(model: SpoilerClassifier, challenge: Challenge | None = None) -> ChallengeReport:
    """Judge a model by hard cases, one ability at a time.

    A case is judged as the last sentence of a review that consists of it and what stands before it, at the operating
    point "balanced" where the model has one, else at its `threshold`.

    Parameters
    ----------
    model : SpoilerClassifier
        Fitted.
    challenge : Challenge, optional
        None means the project's own, `spoilerguard.datasets.load_challenge`.

    Returns
    -------
    ChallengeReport

    Examples
    --------
    >>> cases = [
    ...     ChallengeCase("a", "negation", "1", "", "Nobody dies in it.", True, "film"),
    ...     ChallengeCase("b", "negation", "1", "", "Nobody acts in it.", False, "film"),
    ... ]
    >>> model = SpoilerClassifier(C=10).fit(["She dies.", "She acts."], [1, 0])
    >>> print(run_challenge(model, Challenge(tuple(cases))))
                passed                           pairs right   ranked rightly
    negation    2 of 2 = 1.00 [0.34, 1.00]       1 of 1        1 of 1
    all         2 of 2 = 1.00 [0.34, 1.00]       1 of 1        1 of 1
    """
    judged = _judged(model, tuple(load_challenge() if challenge is None else challenge))
    by_ability = groupby(sorted(judged, key=lambda one: one.case.ability), key=lambda one: one.case.ability)
    results = {ability: _result(ability, tuple(ones)) for ability, ones in by_ability}
    order = dict.fromkeys(one.case.ability for one in judged)
    return ChallengeReport(
        tuple(results[ability] for ability in order), tuple(one.case.id for one in judged if not one.passed)
    )


@dataclass(frozen=True, slots=True)
class _Judged:
    case: ChallengeCase
    probability: float
    passed: bool


def _judged(model: SpoilerClassifier, cases: Sequence[ChallengeCase]) -> list[_Judged]:
    """Every case as the model sees it: in review where something stands before it, else alone."""
    corpus = _as_corpus(cases)
    probability, threshold = np.zeros(len(corpus)), np.zeros(len(corpus))
    for seen in judge(model, corpus):  # alone first, so that being in review prevails
        probability[seen.rows], threshold[seen.rows] = seen.probabilities, seen.thresholds[seen.main_point]
    last = np.cumsum(corpus.lengths) - 1
    flagged = probability >= threshold
    return [
        _Judged(case, float(probability[row]), bool(flagged[row]) == case.spoiler)
        for case, row in zip(cases, last, strict=True)
    ]


def _as_corpus(cases: Iterable[ChallengeCase]) -> Corpus:
    """Each case as a review of its own, which ends with the sentence to judge; only that label means anything."""
    rows = [
        {"sentence": text, "spoiler": int(case.spoiler), "review_id": case.id, "position": position, "work": case.pair}
        for case in cases
        for position, text in enumerate([*(before.text for before in sentences.split(case.before)), case.sentence])
    ]
    return Corpus.from_frame(pd.DataFrame(rows), name="challenge")


def _result(ability: str, judged: Sequence[_Judged]) -> AbilityResult:
    pairs: dict[str, list[_Judged]] = {}
    for one in judged:
        pairs.setdefault(one.case.pair, []).append(one)
    margins = [_margin(pair) for pair in pairs.values() if len({one.case.spoiler for one in pair}) > 1]
    return AbilityResult(
        ability,
        n_cases=len(judged),
        n_passed=sum(one.passed for one in judged),
        n_pairs=len(pairs),
        n_pairs_right=sum(all(one.passed for one in pair) for pair in pairs.values()),
        n_contrasts=len(margins),
        n_ranked=sum(margin > 0 for margin in margins),
    )


def _margin(pair: Iterable[_Judged]) -> float:
    """By how much the least probable spoiler exceeds the most probable safe sentence."""
    spoilers, safe = ([one.probability for one in pair if one.case.spoiler is wanted] for wanted in (True, False))
    return min(spoilers) - max(safe)


def _line(result: AbilityResult, width: int) -> str:
    low, high = result.interval
    passed = f"{result.n_passed} of {result.n_cases} = {result.pass_rate:.2f} [{low:.2f}, {high:.2f}]"
    pairs = f"{result.n_pairs_right} of {result.n_pairs}"
    ranked = f"{result.n_ranked} of {result.n_contrasts}" if result.n_contrasts else "–"
    return f"{result.ability:{width}}    {passed:33}{pairs:14}{ranked}"
