"""The challenge as a report, and the default model held to what it reaches, ability by ability.

A model that passes more cases, or for a stated reason fewer, rewrites the stored table:
``python tests/test_challenge.py``.
"""

import json
import re
from pathlib import Path

import numpy as np
import pytest

import spoilerguard
from spoilerguard.calibration import OperatingPoint
from spoilerguard.challenge import AbilityResult, ChallengeReport, run_challenge
from spoilerguard.datasets import Challenge, ChallengeCase, load_challenge, load_challenge_stories
from spoilerguard.documents import Standing
from spoilerguard.model import SpoilerClassifier
from spoilerguard.story import Story

RATCHET = Path(__file__).parent / "data" / "challenge_ratchet.json"
SAFE, SPOILER = "The acting is fine.", "The killer is the nurse."


def case(
    name: str, sentence: str, *, spoiler: bool, pair: str = "p", ability: str = "a", before: str = ""
) -> ChallengeCase:
    return ChallengeCase(name, ability, pair, before, sentence, spoiler, "film")


@pytest.fixture(scope="module")
def report(tiny_model: SpoilerClassifier) -> ChallengeReport:
    cases = (
        case("1a", SAFE, spoiler=False, pair="1", ability="contrast"),
        case("1b", SPOILER, spoiler=True, pair="1", ability="contrast"),
        case("2a", SAFE, spoiler=True, pair="2", ability="contrast"),
        case("2b", SPOILER, spoiler=False, pair="2", ability="contrast"),
        case("3a", SPOILER, spoiler=True, pair="3", ability="same verdict"),
        case("3b", SPOILER.upper(), spoiler=True, pair="3", ability="same verdict"),
    )
    return run_challenge(tiny_model, Challenge(cases))


def test_passes_pairs_and_rankings_are_counted_for_each_ability(report: ChallengeReport) -> None:
    assert report.abilities == (
        AbilityResult("contrast", 4, 2, 2, 1, 2, 1),
        AbilityResult("same verdict", 2, 2, 1, 1, 0, 0),
    )
    assert report.failed == ("2a", "2b")


def test_overall_adds_the_abilities_up(report: ChallengeReport) -> None:
    assert report.overall == AbilityResult("all", 6, 4, 3, 2, 2, 1)


def test_the_interval_is_wilsons_and_stays_within_0_and_1() -> None:
    assert AbilityResult("a", 10, 10, 5, 5, 5, 5).interval == pytest.approx((0.7225, 1.0), abs=1e-4)
    assert AbilityResult("a", 10, 0, 5, 0, 5, 0).interval == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert AbilityResult("a", 10, 0, 5, 0, 5, 0).interval[0] >= 0


def test_an_ability_without_contrasts_has_no_ranking(report: ChallengeReport) -> None:
    assert np.isnan(report.abilities[1].ranked_rate)
    assert str(report).splitlines()[2].endswith("–")
    assert json.loads(report.to_json())["abilities"][1]["ranked_rate"] is None


def test_text_frame_and_json_tell_the_same(report: ChallengeReport) -> None:
    frame, rows = report.to_frame(), json.loads(report.to_json())["abilities"]
    assert frame["ability"].tolist() == [row["ability"] for row in rows] == ["contrast", "same verdict", "all"]
    assert frame["pass_rate"].tolist() == [row["pass_rate"] for row in rows]
    assert all(line.startswith(row["ability"]) for line, row in zip(str(report).splitlines()[1:], rows, strict=True))


def test_ties_are_not_ranked_rightly(tiny_model: SpoilerClassifier) -> None:
    same = Challenge((case("a", SAFE, spoiler=True), case("b", SAFE, spoiler=False)))
    assert run_challenge(tiny_model, same).overall.n_ranked == 0


def test_a_case_is_classified_as_the_last_sentence_of_its_review(trained_model: SpoilerClassifier) -> None:
    stories = (("", SAFE), (f"{SPOILER} {SPOILER}", SAFE), (SAFE, SPOILER))
    verdicts = [
        spoilerguard.classify(f"{before} {sentence}".strip(), model=trained_model) for before, sentence in stories
    ]
    cases = [
        case(str(number), sentence, spoiler=True, before=before) for number, (before, sentence) in enumerate(stories)
    ]
    expected = tuple(str(number) for number, found in enumerate(verdicts) if found[-1].label == "safe")
    assert run_challenge(trained_model, Challenge(tuple(cases))).failed == expected


def test_the_balanced_point_of_the_case_s_own_standing_decides() -> None:
    def point(threshold: float) -> OperatingPoint:
        return OperatingPoint(threshold, 0.5, 0.5, (0.0, 1.0), (0.0, 1.0))

    points = {Standing.ALONE: {"balanced": point(1.0)}, Standing.IN_REVIEW: {"balanced": point(0.0)}}
    strict = SpoilerClassifier(C=10).fit([SPOILER, SAFE], [1, 0]).attach(operating_points=points)
    cases = (case("alone", SPOILER, spoiler=True), case("in review", SAFE, spoiler=True, before=SAFE))
    assert run_challenge(strict, Challenge(cases)).failed == ("alone",)


def test_the_projects_own_challenge_and_the_name_of_a_model_are_understood(default_model: SpoilerClassifier) -> None:
    report = run_challenge("default")
    assert report.overall.n_cases == len(load_challenge())
    assert report == run_challenge(default_model)


def test_a_case_is_read_with_the_story_of_its_id_or_else_of_its_pair(tiny_model: SpoilerClassifier) -> None:
    cases = Challenge((case("1a", SAFE, spoiler=True, pair="1"), case("1b", SPOILER, spoiler=False, pair="1")))
    assert run_challenge(tiny_model, cases).failed == ("1a", "1b")
    told = {"1": Story(protect=["acting", "killer"])}
    assert run_challenge(tiny_model, cases, told).failed == ("1b",)
    assert run_challenge(tiny_model, cases, told | {"1b": Story(allow=["killer"])}).failed == ()


def test_the_stories_of_the_challenge_are_of_its_cases_and_share_no_five_words_with_them() -> None:
    cases, stories = list(load_challenge()), load_challenge_stories()
    assert stories.keys() <= {name for case in cases for name in (case.id, case.pair)}
    for one in cases:
        if story := stories.get(one.id, stories.get(one.pair)):
            told = runs_of_five(story.premise) | runs_of_five(story.plot)
            assert not told & (runs_of_five(one.before) | runs_of_five(one.sentence)), one.id


def runs_of_five(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[place : place + 5]) for place in range(len(words) - 4)}


def test_the_default_model_passes_as_many_cases_of_every_ability_as_stored(default_model: SpoilerClassifier) -> None:
    found = passed(default_model)
    stored: dict[str, int] = json.loads(RATCHET.read_text(encoding="utf-8"))
    assert found.keys() == stored.keys()
    fallen = {ability: (stored[ability], found[ability]) for ability in stored if found[ability] < stored[ability]}
    assert not fallen, f"passed before, now: {fallen}; if that is meant: python tests/test_challenge.py"


def passed(model: SpoilerClassifier) -> dict[str, int]:
    """Cases passed for each ability, and contrasts ranked rightly in all."""
    report = run_challenge(model)
    return {result.ability: result.n_passed for result in report.abilities} | {"ranked": report.overall.n_ranked}


if __name__ == "__main__":
    RATCHET.write_text(json.dumps(passed(spoilerguard.load()), indent=2) + "\n", encoding="utf-8")
