"""Hard cases, one ability at a time: what a model understands, and what it only seems to understand.

One number over a corpus hides what is missing, since easy sentences make up most of it. CheckList (Ribeiro et al. 2020)
measures one ability at a time instead, by minimal pairs: two sentences that share nearly all words and differ in the
label, or differ in the words and share the label. A pair is also about order, so the report says in how many pairs the
spoiler is ranked above the safe sentence, whatever the threshold.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from spoilerguard import sentences
from spoilerguard.bundled import AnyModel, resolve_model
from spoilerguard.datasets import Challenge, load_challenge
from spoilerguard.decisions import DecisionRule
from spoilerguard.documents import Documents
from spoilerguard.linear_model import LinearModel
from spoilerguard.predicting import predict
from spoilerguard.story import Story, as_story

__all__ = ["AbilityResult", "ChallengeReport", "run_challenge"]


@dataclass(frozen=True, slots=True)
class AbilityResult:
    """How a model did on the cases of one ability.

    Attributes
    ----------
    ability : str
    n_cases, n_passed : int
        Cases, and those that are classified correctly.
    n_pairs, n_pairs_right : int
        Pairs, and those of which every case is classified correctly.
    n_contrasts, n_ranked : int
        Pairs of a spoiler and a safe sentence, and those in which the spoiler gets the higher probability, whatever the
        threshold.

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
        """Share of the cases that are classified correctly."""
        return self.n_passed / self.n_cases

    @property
    def interval(self) -> tuple[float, float]:
        """Bounds of the pass rate's 95 % interval, which stays within [0, 1] for a handful of cases (Wilson 1927)."""
        low, high = binomtest(self.n_passed, self.n_cases).proportion_ci(method="wilson")
        return float(low), float(high)

    @property
    def ranked_rate(self) -> float:
        """Share of the contrasts that are ranked correctly; NaN where the ability has none."""
        return self.n_ranked / self.n_contrasts if self.n_contrasts else float("nan")


@dataclass(frozen=True)
class ChallengeReport:
    """What `run_challenge` found.

    Attributes
    ----------
    abilities : tuple of AbilityResult
        In the order of the challenge.
    failed : tuple of str
        Ids of the cases that are classified wrongly.
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

    def __repr__(self) -> str:
        overall = self.overall
        return f"ChallengeReport({overall.n_passed} of {overall.n_cases} cases passed, {len(self.abilities)} abilities)"

    def __str__(self) -> str:
        width = max(len(result.ability) for result in self.abilities)
        lines = [f"{'':{width}}    {'passed':33}{'pairs right':14}ranked rightly"]
        for result in (*self.abilities, self.overall):
            low, high = result.interval
            passed = f"{result.n_passed} of {result.n_cases} = {result.pass_rate:.2f} [{low:.2f}, {high:.2f}]"
            pairs = f"{result.n_pairs_right} of {result.n_pairs}"
            ranked = f"{result.n_ranked} of {result.n_contrasts}" if result.n_contrasts else "–"
            lines.append(f"{result.ability:{width}}    {passed:33}{pairs:14}{ranked}")
        return "\n".join(lines)


def run_challenge(
    model: AnyModel, challenge: Challenge | None = None, stories: Mapping[str, Story | str] | None = None
) -> ChallengeReport:
    """Measure a model on hard cases, one ability at a time.

    A case is the last sentence of a document, after the sentences that stand before it. It is classified at the
    operating point "balanced" where the model has one, else at the model's `threshold`.

    Parameters
    ----------
    model : SpoilerClassifier, str or Path
        A fitted model, its folder, ``"default"`` or ``"accurate"``.
    challenge : Challenge, optional
        None means the project's own, `spoilerguard.datasets.load_challenge`.
    stories : mapping of str to Story or str, optional
        What is known of the work of a case, under the id of the case or of its pair, as in
        `spoilerguard.datasets.load_challenge_stories`. A case without one is classified without.

    Returns
    -------
    ChallengeReport

    Examples
    --------
    >>> from spoilerguard import SpoilerClassifier
    >>> from spoilerguard.datasets import ChallengeCase
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
    challenge = load_challenge() if challenge is None else challenge
    known = stories or {}
    told = [as_story(known.get(case.id, known.get(case.pair))) for case in challenge]
    cases = _classified(resolve_model(model), challenge, told)
    pairs = cases.groupby(["ability", "pair"], sort=False).agg(
        right=("passed", "all"), spoiler=("spoiler_probability", "min"), safe=("safe_probability", "max")
    )
    results = []
    for ability, passed in cases.groupby("ability", sort=False)["passed"]:
        own = pairs.loc[ability]
        results.append(
            AbilityResult(
                str(ability),
                n_cases=len(passed),
                n_passed=int(passed.sum()),
                n_pairs=len(own),
                n_pairs_right=int(own["right"].sum()),
                n_contrasts=len(own.dropna()),
                n_ranked=int((own["spoiler"] > own["safe"]).sum()),
            )
        )
    return ChallengeReport(tuple(results), tuple(cases.loc[~cases["passed"], "id"]))


def _classified(model: LinearModel, challenge: Challenge, stories: Sequence[Story | None]) -> pd.DataFrame:
    """One row for each case: its probability, in the column of its label, and whether it is classified correctly."""
    cases = list(challenge)
    texts = [[*(before.text for before in sentences.split(case.before)), case.sentence] for case in cases]
    lengths = np.array([len(text) for text in texts], dtype=np.int64)
    documents = Documents.from_sentences([sentence for text in texts for sentence in text], lengths, stories=stories)
    predictions = predict(model, documents)
    last = np.cumsum(lengths) - 1
    table = pd.DataFrame(
        {name: [getattr(case, name) for case in cases] for name in ("id", "ability", "pair", "spoiler")}
    )
    probability = predictions.probability[last]
    return table.assign(
        passed=predictions.is_spoiler(DecisionRule.of(model))[last] == table["spoiler"],
        spoiler_probability=np.where(table["spoiler"], probability, np.nan),
        safe_probability=np.where(table["spoiler"], np.nan, probability),
    )
