"""What people type first: posts of a line or two, on works that no step of building has seen."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from spoilerguard import SpoilerClassifier, classify, classify_reviews

POSTS = Path(__file__).parents[1] / "datasets" / "comments" / "comments.jsonl"
# Written by language models that had seen nothing of the project: the first lines that people might try (four sets; the
# third writer was asked for harmless lines as hard as the reveals), and natural posts (`posts.jsonl`). Lines of the
# first, third and fourth set that were much like a post of the corpus, 6, 30 and 23, were left out. Most works that
# exist are in its train split. Models were chosen with the sets in view; the fourth was written when they were done.
DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="module")
def posts() -> list[dict[str, Any]]:
    lines = POSTS.read_text("utf-8").splitlines()
    return [post for post in map(json.loads, lines) if post["split"] == "test"]


@pytest.fixture(scope="module")
def spoiling(posts: list[dict[str, Any]]) -> NDArray[np.bool_]:
    return np.array([max(post["labels"]) > 0 for post in posts])


@pytest.mark.filterwarnings("ignore:.* does not seem to be English")  # a post of names and French words
@pytest.mark.parametrize(
    ("fixture", "shown"),
    [("default_model", (83, 14)), pytest.param("accurate_model", (91, 16), marks=pytest.mark.slow)],
)
def test_posts_are_found_and_marked_as_the_readme_says(
    fixture: str,
    shown: tuple[int, int],
    request: pytest.FixtureRequest,
    posts: list[dict[str, Any]],
    spoiling: NDArray[np.bool_],
) -> None:
    model = request.getfixturevalue(fixture)
    verdicts = list(classify_reviews([post["text"] for post in posts], model=model))
    marked = np.array([any(verdict.is_spoiler for verdict in one) for one in verdicts])
    highest = np.array([max(verdict.probability for verdict in one) for one in verdicts])
    found, alarms = 100 * marked[spoiling].mean(), 100 * marked[~spoiling].mean()
    # Harmless posts were written to look like the others. Answers of the accurate model depend a little on onnxruntime.
    assert (found, alarms) == pytest.approx(shown, abs=1)
    assert roc_auc_score(spoiling, highest) >= 0.9


@pytest.mark.filterwarnings("ignore:.* does not seem to be English")
@pytest.mark.parametrize("invented", [False, True], ids=["works that exist", "invented works"])
@pytest.mark.parametrize(
    ("fixture", "least"),
    [("default_model", 0.9), pytest.param("accurate_model", 0.92, marks=pytest.mark.slow)],
)
def test_what_people_try_first_is_found_and_all_but_one_harmless_line_left_alone(
    fixture: str, least: float, invented: bool, request: pytest.FixtureRequest
) -> None:
    spoils, marked, _ = tried("first_tries", request.getfixturevalue(fixture), invented=invented)
    assert marked[spoils].mean() >= least
    assert marked[~spoils].sum() <= 1  # of 80, and of 40


@pytest.mark.filterwarnings("ignore:.* does not seem to be English")
@pytest.mark.parametrize(
    ("fixture", "name", "shown"),
    [
        ("default_model", "first_tries_2", [(59, 8), (34, 3)]),
        ("default_model", "first_tries_3", [(63, 11), (37, 9)]),
        ("default_model", "first_tries_4", [(62, 0), (38, 0)]),
        pytest.param("accurate_model", "first_tries_2", [(64, 11), (36, 2)], marks=pytest.mark.slow),
        pytest.param("accurate_model", "first_tries_3", [(66, 7), (37, 7)], marks=pytest.mark.slow),
        pytest.param("accurate_model", "first_tries_4", [(63, 0), (38, 0)], marks=pytest.mark.slow),
    ],
)
def test_first_lines_of_other_writers_are_found_as_the_readme_says(
    fixture: str, name: str, shown: list[tuple[int, int]], request: pytest.FixtureRequest
) -> None:
    for invented, counts in zip((False, True), shown, strict=True):
        spoils, marked, _ = tried(name, request.getfixturevalue(fixture), invented=invented)
        assert (marked[spoils].sum(), marked[~spoils].sum()) == pytest.approx(counts, abs=1)


@pytest.mark.filterwarnings("ignore:.* does not seem to be English")
@pytest.mark.parametrize(
    ("fixture", "shown"),
    [("default_model", (86, 2)), pytest.param("accurate_model", (94, 2), marks=pytest.mark.slow)],
)
def test_natural_posts_are_found_and_marked_as_the_readme_says(
    fixture: str, shown: tuple[int, int], request: pytest.FixtureRequest
) -> None:
    spoils, marked, highest = tried("posts", request.getfixturevalue(fixture))
    assert (100 * marked[spoils].mean(), 100 * marked[~spoils].mean()) == pytest.approx(shown, abs=1)
    assert roc_auc_score(spoils, highest) >= 0.975


@pytest.mark.parametrize(
    ("line", "shown"),
    [("{} dies", 0.93), ("{} is the killer", 0.95), ("{} was dead the whole time", 0.99), ("{} is his father", 0.95)],
)
def test_a_surname_that_is_a_word_of_its_own_hides_few_reveals(
    default_model: SpoilerClassifier, line: str, shown: float
) -> None:
    # No name here is in the lists that the encoder's lesson makes names from.
    first = "Ingrid Harold Paula Derek Naomi Felix Gloria Bruce Wendy Carlos".split()
    last = "Stamp Forest Butcher Shepherd Bird Tanner Pope Major Rice Berry Pike Storm Dance Cage Hammer".split()
    lines = [line.format(f"{name} {surname}") for name in first for surname in last]
    assert np.mean([verdict.is_spoiler for verdict in classify(lines, model=default_model)]) >= shown - 0.01


def tried(
    name: str, model: SpoilerClassifier, *, invented: bool | None = None
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.float64]]:
    """Which texts of a set give something away, which are marked, and the highest probability in each."""
    texts = [json.loads(line) for line in (DATA / f"{name}.jsonl").read_text("utf-8").splitlines()]
    texts = [text for text in texts if invented in (None, text["invented"])]
    answers = list(classify_reviews([text["text"] for text in texts], model=model))
    marked = np.array([any(verdict.is_spoiler for verdict in verdicts) for verdicts in answers])
    highest = np.array([max(verdict.probability for verdict in verdicts) for verdicts in answers])
    return np.array([text["spoiler"] for text in texts]), marked, highest


@pytest.mark.filterwarnings("ignore:.* does not seem to be English")
def test_works_that_exist_nowhere_are_no_harder(
    default_model: SpoilerClassifier, posts: list[dict[str, Any]], spoiling: NDArray[np.bool_]
) -> None:
    texts = [post["text"] for post, spoils in zip(posts, spoiling, strict=True) if post["invented"] and spoils]
    found = [any(verdict.is_spoiler for verdict in one) for one in classify_reviews(texts, model=default_model)]
    assert np.mean(found) >= 0.7
