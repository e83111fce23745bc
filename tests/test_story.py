"""Stories: what is known of a work changes its verdicts, by one linear stage that can be shown, and by rules."""

import dataclasses
import gc
import itertools
import json
import pickle
import tracemalloc
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import spoilerguard
from spoilerguard import CorpusError, ModelFormatError, SpoilerClassifier, SpoilerguardError, Story, StoryError
from spoilerguard.cli.program import main
from spoilerguard.datasets import load_stories, save_stories
from spoilerguard.documents import Documents, Standing
from spoilerguard.matching import STORY_FEATURES, Matches, RareWords, StoryStage, StoryWeights, of_length_one
from spoilerguard.matching import prepared as prepared_stories
from spoilerguard.matching.prepared import MAX_STORY_SENTENCES
from spoilerguard.matching.words import GUESSING, Phrases, base_forms, rule_words, words_of
from spoilerguard.predicting import predict
from spoilerguard.story import as_story
from spoilerguard.tables.parts import Parts

DATASETS = Path(__file__).parents[1] / "datasets"
PREMISE = "Mira keeps a lighthouse on the island of Hald. One night a boat without a crew runs aground below it."
PLOT = (
    "Mira hides the boat in a cove. The harbour master Oskar asks her about the missing sailors. In the end Mira finds "
    "out that Oskar had drowned the sailors himself, and she pushes him from the lighthouse."
)
STORY = Story(PREMISE, PLOT, names=["Mira", "Oskar", "Hald"])
REVIEW = "A slow, pretty film. Oskar had drowned the sailors himself. Mira keeps a lighthouse on an island."
TOLD, HARMLESS = "Oskar had drowned the sailors himself.", "Mira keeps a lighthouse on an island."


def part(known: str) -> StoryWeights:
    """Weights as plain as can be: like the plot is worse, like the premise is better."""
    plain = {"own logit": 1.0, "like the premise": -2.0, "like the plot": 3.0, "like the plot, late": 1.0}
    names = [name for name, feature in STORY_FEATURES.items() if feature.needs <= set(known.split(" and "))]
    return StoryWeights({name: plain.get(name, 0.0) for name in names}, -1.0)


STAGE = StoryStage({standing: {k: part(k) for k in ("premise", "plot", "premise and plot")} for standing in Standing})


@pytest.fixture(scope="module")
def model() -> SpoilerClassifier:
    """The default model with a stage that is not learnt, so that no test depends on what was."""
    return spoilerguard.load().attach(story=STAGE)


def logits(model: SpoilerClassifier, sentences: list[str], story: Story | None) -> list[float]:
    documents = Documents.from_sentences(sentences, stories=[story] * len(sentences))
    found: list[float] = predict(model, documents).logit.tolist()
    return found


def test_what_the_plot_tells_becomes_more_likely_a_spoiler_and_the_premise_less(model: SpoilerClassifier) -> None:
    changed = np.subtract(logits(model, [TOLD, HARMLESS], STORY), logits(model, [TOLD, HARMLESS], None))
    assert changed[0] > 1
    assert changed[0] > changed[1] + 1


@pytest.mark.parametrize("story", [None, Story(), Story(names=["Mira"]), Story(protect=["zebra"]), "", "  \n "])
def test_a_story_that_says_nothing_changes_no_bit(model: SpoilerClassifier, story: Story | str | None) -> None:
    without = spoilerguard.classify(REVIEW, model=model)
    assert spoilerguard.classify(REVIEW, model=model, story=story) == without


def test_the_stage_itself_changes_no_bit_without_a_story(model: SpoilerClassifier) -> None:
    assert spoilerguard.classify(REVIEW, model=model) == spoilerguard.classify(REVIEW)


@pytest.mark.parametrize("story", [STORY, Story(PREMISE), Story(plot=PLOT), PREMISE])
def test_a_verdict_does_not_depend_on_what_is_classified_with_it(model: SpoilerClassifier, story: Story | str) -> None:
    alone = spoilerguard.classify([TOLD], model=model, story=story)
    among = spoilerguard.classify(["Fine.", TOLD, "He dies.", HARMLESS], model=model, story=story)
    assert among[1] == alone[0]
    streamed = list(spoilerguard.classify_reviews(["", REVIEW, "Fine."], model=model, story=story))
    assert streamed[1] == spoilerguard.classify(REVIEW, model=model, story=story)


@pytest.mark.parametrize("nothing", ["TBA", "n/a", "No description available."])
def test_a_premise_or_plot_that_tells_nothing_changes_no_bit(model: SpoilerClassifier, nothing: str) -> None:
    plain = spoilerguard.classify(REVIEW, model=model)
    assert spoilerguard.classify(REVIEW, model=model, story=nothing) == plain
    assert spoilerguard.classify(REVIEW, model=model, story=Story(plot=nothing)) == plain


def test_documents_of_several_stories_are_each_read_with_their_own(model: SpoilerClassifier) -> None:
    stories = [STORY, None, Story(plot="A dog comes home."), STORY]
    documents = Documents.from_sentences([TOLD] * 4, stories=stories)
    expected = [logits(model, [TOLD], story)[0] for story in stories]
    assert predict(model, documents).logit.tolist() == expected


def test_a_long_review_keeps_its_story_in_every_batch() -> None:
    documents = Documents.from_sentences(["So."] * 10_000, np.array([9_999, 1]), stories=[STORY, None])
    assert [list(batch.stories) for batch in documents.batches()] == [[STORY], [STORY], [STORY, None]]


def test_reasons_add_up_and_show_the_sentence_of_the_plot(model: SpoilerClassifier) -> None:
    for why in spoilerguard.explain(REVIEW, model=model, story=STORY):
        total = sum(one.weight for one in why.contributions) + why.intercept + why.context + why.story
        assert total == pytest.approx(why.logit)
        assert why.story != 0
    told = spoilerguard.explain(REVIEW, model=model, story=STORY)[1]
    assert told.matched is not None
    assert "drowned the sailors" in told.matched
    assert spoilerguard.explain(REVIEW, model=model, story=PREMISE)[1].matched is None
    assert spoilerguard.explain(REVIEW, model=model)[1].story == 0


def test_the_share_of_a_story_is_shown_where_reasons_are(model: SpoilerClassifier) -> None:
    verdicts = spoilerguard.classify(REVIEW, model=model, story=STORY)
    with_story = spoilerguard.explain(REVIEW, model=model, story=STORY)
    share = f"story {with_story[1].story:+.2f}"
    assert share in repr(dataclasses.replace(with_story[1], contributions=()))
    assert share in verdicts.to_html(with_story)
    without = spoilerguard.explain(REVIEW, model=model)
    assert "story" not in repr(without[1])
    assert "story" not in verdicts.to_html(without)


def test_a_model_that_has_not_learnt_stories_knows_their_rules_only(tiny_model: SpoilerClassifier) -> None:
    [verdict] = spoilerguard.classify("Mira sings.", model=tiny_model, story=Story(protect=["Mira"]))
    assert verdict.rule == "protect"
    with pytest.raises(SpoilerguardError, match="has not learnt to read a premise or a plot"):
        spoilerguard.classify("Mira sings.", model=tiny_model, story=PREMISE)


@pytest.mark.parametrize(
    ("phrase", "sentence", "found"),
    [
        ("Keyser", "KEYSER's back", True),
        ("Keyser", "the Keysers", True),
        ("keyser", "Keysér’s face", True),
        ("kill", "she killed him", True),
        ("killed", "he kills her", True),
        ("marry", "they married", True),
        ("stab", "stabbing", True),
        ("die", "he is dying", True),
        ("the butler", "The butler's hat", True),
        ("the butler", "the old butler", False),
        ("Ned", "I need it", False),
        ("James", "a jam", False),
        ("king", "a ring", False),
        ("Mr. Ito", "mr ito waits", True),
        ("Ma.*", "Mary", False),
        ("(a|b)+$", "what is a b", True),
        ("[", "no", None),
        ("", "no", None),
        ("Straße", "STRASSE", True),
        ("STRASSE", "straße", True),
        ("Weiß", "WEISS’ TOD", True),
        ("İstanbul", "istanbul, ISTANBUL", True),
        ("Kıvanç", "KIVANÇ", True),
        ("oﬃcer", "OFFICERS", True),
        ("ΌΣΟΣ", "όσος", True),
    ],
)
def test_a_rule_knows_its_words_in_other_forms_and_takes_no_pattern(
    phrase: str, sentence: str, found: bool | None
) -> None:
    if found is None:
        with pytest.raises(ValueError, match="must have a letter or a digit"):
            Story(protect=[phrase])
        return
    [verdict] = spoilerguard.classify(sentence, story=Story(protect=[phrase]))
    assert (verdict.rule == "protect", verdict.rule == "protect" and verdict.is_spoiler) == (found, found)


@given(st.text(st.characters(categories=["Lu", "Ll", "Lt", "Lo"]), min_size=1, max_size=12))
def test_a_phrase_is_found_in_whatever_case_and_composition_it_is_typed(phrase: str) -> None:
    forms = (phrase, phrase.upper(), phrase.lower(), phrase.casefold(), phrase.title(), phrase.swapcase())
    typed = [*forms, *(unicodedata.normalize(form, phrase.upper()) for form in ("NFC", "NFD"))]
    phrases = Phrases([phrase], 1)
    assert all(phrases.found_in(words) for words in rule_words(typed, 1)), typed


@pytest.mark.parametrize("phrase", ["<b>", "&nbsp;", "ʼ", "[i]"])
@pytest.mark.parametrize("rule", ["protect", "allow"])
def test_a_phrase_that_holds_nothing_that_is_read_is_refused_before_any_output(
    phrase: str, rule: str, tmp_path: Path
) -> None:
    parts: dict[str, Any] = {rule: ["fine", phrase]}
    story = Story(**parts)
    with pytest.raises(StoryError, match="need a word in each phrase") as refused:
        spoilerguard.classify("Fine.", story=story)
    assert isinstance(refused.value, ValueError)
    with pytest.raises(StoryError, match="need a word in each phrase"):
        spoilerguard.classify_table(TABLE, story=story, output=tmp_path / "out.csv", progress=False)
    assert not list(tmp_path.iterdir())


def test_protect_comes_before_allow_and_allow_before_the_model() -> None:
    review = "In the end the butler is the killer. In the end Anna is the killer. In the end he dies."
    verdicts = spoilerguard.classify(review, story=Story(protect=["butler"], allow=["killer"]))
    assert [verdict.rule for verdict in verdicts] == ["protect", "allow", None]
    assert [verdict.is_spoiler for verdict in verdicts] == [True, False, True]
    assert [verdict.probability for verdict in verdicts[:2]] == [1.0, 0.0]
    assert spoilerguard.classify("The killer.", threshold=0.0, story=Story(allow=["killer"]))[0].is_spoiler is False


def test_a_review_with_a_protected_word_spoils_and_is_hidden() -> None:
    story = Story(protect=["Rosebud"])
    assert spoilerguard.classify("Fine cast. Rosebud. Good.", story=story).label == "spoiler"
    assert spoilerguard.classify("Fine cast. Rosebud. Good.", story=story).probability == 1.0
    assert spoilerguard.redact("Fine cast. Rosebud. Good.", style="reddit", story=story) == (
        "Fine cast. >!Rosebud.!< Good."
    )


def test_a_rule_leaves_the_reasons_of_the_model_as_they_are() -> None:
    [without], [why] = (spoilerguard.explain("Rosebud sings.", story=s) for s in (None, Story(protect=["Rosebud"])))
    assert (why.logit, why.contributions) == (without.logit, without.contributions)
    assert (why.rule, why.probability) == ("protect", 1.0)


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"premise": 3}, TypeError, "premise of a Story must be text, got int"),
        ({"plot": None}, TypeError, "plot of a Story must be text, got NoneType"),
        ({"protect": "Keyser"}, TypeError, "protect of a Story must be a list of texts, got str"),
        ({"allow": 3}, TypeError, "allow of a Story must be a list of texts, got int"),
        ({"names": ["Mira", 3]}, TypeError, "names of a Story must be texts, and 3 is int"),
        ({"allow": ["..."]}, ValueError, "must have a letter or a digit"),
    ],
)
def test_a_wrong_story_is_refused_with_its_part(arguments: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        Story(**arguments)


@pytest.mark.parametrize("story", [3, ["A premise."], {"premise": "A"}, b"A"])
def test_what_is_no_story_is_refused(story: Any) -> None:
    with pytest.raises(TypeError, match="story must be a Story, the text of a premise or None"):
        spoilerguard.classify("Fine.", story=story)


HOSTILE = ["", " ", "\ud800", "a\udfff b.", "\x00", "." * 5000, "word " * 3000, "<b>", "&amp;", "😀.", "\u202e", "(((("]


@given(st.sampled_from(HOSTILE) | st.text(), st.sampled_from(HOSTILE) | st.text(), st.text())
def test_any_text_is_a_story_and_gives_finite_logits(premise: str, plot: str, review: str) -> None:
    model = spoilerguard.load() if not _KEPT else _KEPT[0]
    _KEPT[:] = [model.attach(story=STAGE)]
    found = predict(model, Documents.from_reviews([review], stories=[Story(premise, plot)]))
    assert np.isfinite(found.logit).all()
    assert found.probability.tolist() == pytest.approx(1 / (1 + np.exp(-found.logit)))


_KEPT: list[SpoilerClassifier] = []


@given(st.text(), st.text(), st.lists(st.from_regex(r"\w+", fullmatch=True)))
def test_a_story_is_what_it_was_after_any_journey(premise: str, plot: str, names: list[str]) -> None:
    names = [name for name in names if any(map(str.isalnum, name))]
    story = Story(premise, plot, names, protect=names)
    assert Story.from_dict(json.loads(json.dumps(story.to_dict()))) == story
    assert pickle.loads(pickle.dumps(story)) == story
    assert hash(Story.from_dict(story.to_dict())) == hash(story)


@given(st.from_regex(r"[a-z]{1,12}", fullmatch=True))
def test_every_word_is_a_form_of_itself_with_any_ending(word: str) -> None:
    for ending in ("", "s"):
        assert Phrases([word], 1).found_in([word + ending]) or not base_forms(word) & base_forms(word + ending)


def test_a_huge_plot_is_read_to_its_bound_and_an_empty_sentence_matches(model: SpoilerClassifier) -> None:
    prepared = model.prepare_story(Story(plot="Oskar sings again. " * 5000))
    assert len(prepared.plot) == MAX_STORY_SENTENCES
    empty = RareWords.of(model.vectorizer_, model.vectorizer_.tokenize(["..."]))
    matches = prepared.match(empty, of_length_one(model.vectorizer_.encode(["..."])))
    assert (matches.words.tolist(), matches.in_sentence.tolist()) == ([0], [0])


def test_a_long_review_and_a_long_plot_are_compared_in_bounded_memory(model: SpoilerClassifier) -> None:
    """All words of the review times all sentences of the plot, in double precision, would be 480 MB."""
    invented = [f"qx{number}" for number in range(60_000)]
    prepared = model.prepare_story(Story(plot=" ".join(f"Then {word} came." for word in invented[:1000])))
    stems = RareWords.of(model.vectorizer_, model.vectorizer_.tokenize([" ".join(invented)]))
    tracemalloc.start()
    matches = prepared.match(stems, np.zeros((1, prepared.vectors.shape[1]), dtype=np.float32))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert matches.in_sentence[0] > 0
    assert peak < 40e6


def plain_match(story: Story, sentence: str, model: SpoilerClassifier) -> dict[str, float]:
    """`PreparedStory.match` of one sentence, without an array of words."""
    vectorizer = model.vectorizer_

    def rare(text: str) -> dict[int, float]:
        words = RareWords.of(vectorizer, vectorizer.tokenize([text]))
        return dict(zip(words.stem.tolist(), words.weight.tolist(), strict=True))

    from spoilerguard import sentences

    plot = [rare(found.text) for found in sentences.split(story.plot)]
    premise, names = rare(story.premise), rare(" ".join(story.names))
    words = {word: weight * (2 if word in names else 1) for word, weight in rare(sentence).items()}
    size = sum(words.values()) + 1.5
    in_plot = set().union(*plot)
    alone = {word: weight for word, weight in words.items() if word in in_plot and word not in premise}
    first = {word: min(n for n, told in enumerate(plot) if word in told) / (len(plot) - 1) for word in alone}
    [spelled] = words_of(next(iter(vectorizer.tokenize([sentence]))))
    return {
        "words": sum(words.values()),
        "in_premise": sum(weight for word, weight in words.items() if word in premise) / size,
        "in_plot_alone": sum(alone.values()) / size,
        "in_sentence": max(sum(w for word, w in words.items() if word in told) for told in plot) / size,
        "in_sentence_alone": max(sum(w for word, w in alone.items() if word in told) for told in plot) / size,
        "late": sum(weight * first[word] for word, weight in alone.items()) / size,
        "guessing": sum(word in GUESSING for word in spelled) + sentence.count("?"),
        "names": sum(weight for word, weight in words.items() if word in names) / size,
    }


@pytest.mark.parametrize(
    "sentence", [TOLD, HARMLESS, "I bet Mira would drown? Oskar?", "Hald and the sailors, the boat.", "No."]
)
def test_words_are_matched_as_counted_one_by_one(model: SpoilerClassifier, sentence: str) -> None:
    vectorizer = model.vectorizer_
    words = RareWords.of(vectorizer, vectorizer.tokenize([sentence]))
    found = model.prepare_story(STORY).match(words, of_length_one(vectorizer.encode([sentence])))
    for name, value in plain_match(STORY, sentence, model).items():
        assert getattr(found, name)[0] == pytest.approx(value), name


def test_a_prepared_story_is_kept_and_equal_stories_share_it(model: SpoilerClassifier) -> None:
    assert model.prepare_story(STORY) is model.prepare_story(Story.from_dict(STORY.to_dict()))
    assert pickle.loads(pickle.dumps(model))._stories is None


def test_stories_are_forgotten_before_they_take_too_much_memory(
    model: SpoilerClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepared_stories, "_MAX_KEPT", 20_000)
    kept = prepared_stories.PreparedStories(model.vectorizer_)
    for number in range(20):
        kept.get(Story(premise=" " * number))
        assert len(kept._kept) <= 4


def test_the_stage_learns_what_separates_and_ignores_what_a_story_lacks() -> None:
    rng = np.random.default_rng(0)
    labels = (rng.random(400) < 0.4).astype(np.int8)
    noise = rng.normal(size=(len(Matches._fields), 400))
    matches = Matches(*noise)._replace(like_plot=labels + 0.5 * noise[Matches._fields.index("like_plot")])
    weights = StoryWeights.fit("plot", rng.normal(size=400), matches, labels)
    assert weights.weights["like the plot"] > 1
    assert "like the premise" not in weights.weights
    scaled = weights.rescale(2.0, 1.0).logits(np.zeros(400), matches)
    assert scaled == pytest.approx(2 * weights.logits(np.zeros(400), matches) + 1)


def test_a_saved_model_reads_stories_as_it_did(model: SpoilerClassifier, tmp_path: Path) -> None:
    spoilerguard.save(model, tmp_path / "model")
    loaded = spoilerguard.load(tmp_path / "model")
    assert loaded.story_ == STAGE
    assert logits(loaded, [TOLD, HARMLESS], STORY) == logits(model, [TOLD, HARMLESS], STORY)


@pytest.mark.parametrize("fault", ["missing", "unknown", "infinite"])
def test_a_stage_with_a_fault_cannot_be_stored(model: SpoilerClassifier, tmp_path: Path, fault: str) -> None:
    weights = dict(part("plot").weights)
    if fault == "missing":
        del weights["place in the plot"]
    else:
        weights["like the plot" if fault == "infinite" else "like the sequel"] = np.inf if fault == "infinite" else 1.0
    parts = {**STAGE.weights[Standing.ALONE], "plot": StoryWeights(weights, 0.0)}
    wrong = pickle.loads(pickle.dumps(model)).attach(story=StoryStage({**STAGE.weights, Standing.ALONE: parts}))
    with pytest.raises(ModelFormatError):
        spoilerguard.save(wrong, tmp_path / "model")


TABLE = pd.DataFrame({"text": [REVIEW, TOLD, None, TOLD], "work": ["Hald", "Other", "Hald", None]}, index=list("abcd"))
STORIES: dict[Any, Story | str] = {"Hald": Story(PREMISE, PLOT, protect=["pretty"]), "Other": "A dog comes home."}


def expected(model: SpoilerClassifier) -> list[float]:
    stories = [as_story(STORIES["Hald"]), as_story(STORIES["Other"]), None, None]
    documents = Documents.from_reviews(TABLE["text"].fillna("").tolist(), stories=stories)
    found: list[float] = predict(model, documents).probability.tolist()
    return found


def test_each_row_of_a_table_is_read_with_the_story_of_its_work(model: SpoilerClassifier) -> None:
    found = spoilerguard.classify_table(TABLE, story="work", stories=STORIES, model=model)
    assert found["probability"].dropna().tolist() == expected(model)
    assert found["rule"].tolist()[:2] == ["protect", pd.NA]
    assert found.index.tolist() == list("aaabcd")
    by_review = spoilerguard.classify_table(TABLE, by="review", story="work", stories=STORIES, model=model)
    assert by_review["label"].tolist()[0] == "spoiler"
    assert "rule" not in spoilerguard.classify_table(TABLE, model=model)


def test_one_story_for_all_rows_and_the_accessor_say_the_same(model: SpoilerClassifier) -> None:
    one = spoilerguard.classify_table(TABLE, story=STORY, model=model)
    assert one["probability"].dropna().tolist()[:3] == [
        verdict.probability for verdict in spoilerguard.classify(REVIEW, model=model, story=STORY)
    ]
    reviews = TABLE["text"]
    assert reviews.spoilers.classify(story=STORY, model=model).equals(one)
    found = reviews.spoilers.classify(story=TABLE["work"], stories=STORIES, model=model)
    assert found["probability"].dropna().tolist() == expected(model)


def test_files_and_processes_give_what_a_table_gives(model: SpoilerClassifier, tmp_path: Path) -> None:
    TABLE.to_csv(tmp_path / "in.csv", index=False)
    options: dict[str, Any] = {"story": "work", "stories": STORIES, "model": model, "progress": False}
    spoilerguard.classify_table(tmp_path / "in.csv", output=tmp_path / "out.jsonl", **options)
    records = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [r["probability"] for r in records if r["probability"] is not None] == pytest.approx(expected(model))
    two = spoilerguard.classify_table(TABLE, n_jobs=2, **options)
    assert two["probability"].dropna().tolist() == expected(model)


OTHERS: list[dict[str, Any]] = [
    {},
    {"story": Story(protect=["Rosebud"])},
    {"story": Story(allow=["Rosebud"])},
    {"story": "work", "stories": STORIES},
    {"story": "text", "stories": STORIES},
    {"story": "work", "stories": {"Hald": Story(PREMISE)}},
]


@pytest.mark.parametrize(("before", "after"), [*itertools.permutations(range(len(OTHERS)), 2)])
def test_an_interrupted_run_does_not_go_on_with_another_story_or_none(
    before: int, after: int, model: SpoilerClassifier, tmp_path: Path
) -> None:
    options: dict[str, Any] = {"by": "review", "output": tmp_path / "out.csv", "model": model, "progress": False}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Parts, "finish", Parts.leave)  # as if it had been interrupted
        spoilerguard.classify_table(TABLE, **options, **OTHERS[before])
    with pytest.raises(SpoilerguardError, match=r"was about something else \((story|stories|story, stories)\)"):
        spoilerguard.classify_table(TABLE, resume=True, **options, **OTHERS[after])


@pytest.mark.parametrize(
    ("works", "key"),
    [
        ([7, None], 7),
        ([7, None], "7"),
        ([7, 8], 7.0),
        (["7", None], 7),
        ([" Hald", ""], "Hald"),
        (["Hald", "?"], "Hald "),
    ],
)
def test_a_work_is_known_by_its_text_whatever_type_its_column_has(works: list[Any], key: object) -> None:
    table = pd.DataFrame({"text": ["Rosebud.", "Rosebud."], "work": works})
    found = spoilerguard.classify_table(table, story="work", stories={key: Story(protect=["Rosebud"])})
    assert found["rule"].tolist() == ["protect", pd.NA]


@pytest.mark.parametrize("schedule", ["synchronous", "threads"])
def test_a_cluster_gives_what_a_table_gives(model: SpoilerClassifier, schedule: str) -> None:
    dd = pytest.importorskip("dask.dataframe")
    table = dd.from_pandas(TABLE, npartitions=2)
    found = spoilerguard.dask.classify_table(table, story="work", stories=STORIES, model=model)
    assert found.compute(scheduler=schedule)["probability"].dropna().tolist() == expected(model)


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"story": "work"}, ValueError, "story names the column of works: pass their stories"),
        ({"stories": STORIES}, TypeError, "story the name of the column"),
        ({"story": "work", "stories": [STORY]}, TypeError, "stories must be a mapping"),
        ({"story": "title", "stories": STORIES}, CorpusError, "no column 'title'"),
        ({"story": "work", "stories": {"Hald": 3}}, TypeError, "story must be a Story"),
    ],
)
def test_wrong_stories_of_a_table_are_refused(options: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        spoilerguard.classify_table(TABLE, **options)


UNTAUGHT = "This model has not learnt to read a premise or a plot"


@pytest.mark.parametrize(
    "options",
    [{"story": Story(plot=PLOT)}, {"story": "work", "stories": {"Other": Story(protect=["x"]), "No": PREMISE}}],
)
def test_a_table_fails_at_once_where_its_model_reads_no_stories(
    options: dict[str, Any], tiny_model: SpoilerClassifier, tmp_path: Path
) -> None:
    TABLE.to_csv(tmp_path / "in.csv", index=False)
    with pytest.raises(StoryError, match=UNTAUGHT):
        spoilerguard.classify_table(tmp_path / "in.csv", output=tmp_path / "out.csv", model=tiny_model, **options)
    with pytest.raises(StoryError, match=UNTAUGHT):
        spoilerguard.classify_table(TABLE.iloc[:0], model=tiny_model, **options)
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]
    spoilerguard.classify_table(TABLE, model=tiny_model, story=Story(" \n", protect=["x"]))


def test_a_cluster_fails_at_once_where_its_model_reads_no_stories(tiny_model: SpoilerClassifier) -> None:
    dd = pytest.importorskip("dask.dataframe")
    with pytest.raises(StoryError, match=UNTAUGHT):
        spoilerguard.dask.classify_table(dd.from_pandas(TABLE, npartitions=2), story=Story(PREMISE), model=tiny_model)


def test_the_command_line_fails_before_it_writes_where_its_model_reads_no_stories(
    tiny_model: SpoilerClassifier, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spoilerguard.save(tiny_model, tmp_path / "model")
    table, premise, output = (tmp_path / name for name in ("in.csv", "premise.txt", "out.csv"))
    TABLE.to_csv(table, index=False)
    premise.write_text(PREMISE)
    told = ["--premise", str(premise), "--model", str(tmp_path / "model")]
    assert main(["classify", str(table), "--column", "text", "--output", str(output), *told]) == 2
    assert UNTAUGHT in capsys.readouterr().err
    assert not output.exists()
    assert not Path(f"{output}.parts").exists()


@pytest.mark.parametrize("name", ["label", "probability", "rule", "sentence"])
def test_works_in_a_column_named_like_a_result_are_refused_at_once(name: str, tmp_path: Path) -> None:
    table, said = TABLE.rename(columns={"work": name}), f"the column '{name}' has the name of a result; rename it first"
    with pytest.raises(CorpusError, match=said):
        spoilerguard.classify_table(table, story=name, stories=STORIES)
    table.to_csv(tmp_path / "in.csv", index=False)
    with pytest.raises(CorpusError, match=said):
        spoilerguard.classify_table(tmp_path / "in.csv", output=tmp_path / "out.csv", story=name, stories=STORIES)
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]
    dd = pytest.importorskip("dask.dataframe")
    with pytest.raises(CorpusError, match=said):
        spoilerguard.dask.classify_table(dd.from_pandas(table, npartitions=2), story=name, stories=STORIES)


def test_stories_are_read_as_they_were_saved_and_a_fault_names_its_row(tmp_path: Path) -> None:
    file = tmp_path / "stories.jsonl"
    save_stories({"Hald": STORY, "Other": Story("A dog. \ud800")}, file)
    assert load_stories(file) == {"Hald": STORY, "Other": Story("A dog. \ud800")}
    for line, said in (('{"work": "Hald"}', "row 1: repeats"), ('{"work": null}', "row 1: has no work")):
        file.write_text('{"work": "Hald", "premise": "A."}\n' + line)
        with pytest.raises(CorpusError, match=said):
            load_stories(file)
    file.write_text('{"work": "Hald", "names": "Mira"}')
    with pytest.raises(CorpusError, match="row 0: names of a Story must be a list"):
        load_stories(file)
    file.write_text('{"title": "Hald"}')
    with pytest.raises(CorpusError, match="no column 'work'"):
        load_stories(file)


def test_the_command_line_takes_a_story(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    review = tmp_path / "review.txt"
    review.write_text("Fine cast. Rosebud's a sled. In the end he dies.")
    assert main(["classify", str(review), "--protect", "rosebud", "--allow", "dies", "--format", "jsonl"]) == 0
    rules = [json.loads(line)["rule"] for line in capsys.readouterr().out.splitlines()]
    assert rules == [None, "protect", "allow"]
    assert main(["redact", str(review), "--protect", "rosebud", "--style", "reddit"]) == 0
    assert ">!Rosebud's a sled" in capsys.readouterr().out
    assert main(["explain", str(review), "--protect", "rosebud"]) == 0
    assert "spoiler, decided by a word to protect" in capsys.readouterr().out
    assert main(["classify", str(review), "--protect", "..."]) == 2
    assert main(["classify", str(review), "--plot", str(tmp_path / "none.txt")]) == 2


def test_the_command_line_reads_premise_and_plot_from_files(
    model: SpoilerClassifier, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spoilerguard.save(model, tmp_path / "model")
    files = {name: tmp_path / f"{name}.txt" for name in ("premise", "plot", "review")}
    for name, text in (("premise", PREMISE), ("plot", PLOT), ("review", REVIEW)):
        files[name].write_text(text)
    arguments = ["--premise", str(files["premise"]), "--plot", str(files["plot"]), "--model", str(tmp_path / "model")]
    assert main(["classify", str(files["review"]), *arguments, "--format", "jsonl"]) == 0
    told = [json.loads(line)["probability"] for line in capsys.readouterr().out.splitlines()]
    story = Story(PREMISE, PLOT)
    assert told == [verdict.probability for verdict in spoilerguard.classify(REVIEW, model=model, story=story)]


def test_a_word_without_end_is_found_and_fills_no_cache(model: SpoilerClassifier) -> None:
    word = "nevermind" * 50_000
    [found] = spoilerguard.classify([f"So {word}."], story=Story(protect=[word]))
    assert found.rule == "protect"
    story = dataclasses.replace(STORY, protect=("Oskar",))
    spoilerguard.classify(["Fine."], model=model, story=story)
    tracemalloc.start()
    for letter in "abcd":
        spoilerguard.classify([letter + word], model=model, story=story)
    gc.collect()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < len(word)


@pytest.mark.parametrize("arguments", [["--premise", "-"], ["-", "--plot", "-"], ["-", "-"]])
def test_standard_input_is_not_read_twice(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["classify", *arguments]) == 2
    assert "standard input can be read once" in capsys.readouterr().err


def test_words_of_a_sentence_are_its_tokens_without_marks(model: SpoilerClassifier) -> None:
    [tokens] = model.vectorizer_.tokenize(["He's HERE, twice!", "...", "So."])
    assert words_of(tokens) == [["hes", "here", "twice"], [], ["so"]]


@pytest.fixture(scope="module")
def written() -> dict[str, Any]:
    lines = (DATASETS / "stories" / "stories.jsonl").read_text("utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    assert [record["work"] for record in records] == sorted({record["work"] for record in records})
    return {record["work"]: record for record in records}


def test_the_stories_are_of_works_of_our_texts_and_repeat_no_sentence_of_them(written: dict[str, Any]) -> None:
    files = [DATASETS / "comments" / "comments.jsonl", *(DATASETS / "reviews").glob("*.jsonl")]
    texts = [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]
    about = {(text["work"], text["kind"], text["invented"]) for text in texts}
    assert {(work, one["kind"], one["invented"]) for work, one in written.items()} <= about
    known = {plain(text["text"][start:end]) for text in texts for start, end in text["spans"]}
    for work, one in written.items():
        told = [plain(found) for part in ("premise", "plot") for found in split(one[part])]
        assert not known & set(told), work


def test_the_stories_are_complete_and_short(written: dict[str, Any]) -> None:
    assert len(load_stories(DATASETS / "stories" / "stories.jsonl")) == len(written)
    for one in written.values():
        assert set(one) == {"work", "kind", "year", "invented", "premise", "plot", "names"}
        assert 10 <= len(one["premise"].split()) <= 60
        assert 80 <= len(one["plot"].split()) <= 220
        assert one["names"]


def plain(sentence: str) -> str:
    return " ".join("".join(c if c.isalnum() else " " for c in sentence.lower()).split())


def split(text: str) -> list[str]:
    from spoilerguard import sentences

    return [found.text for found in sentences.split(text)]
