"""Documents: sentences that know their review, in batches that lose nothing."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from spoilerguard.documents import MAX_SENTENCES, Documents, Standing

REVIEWS = st.lists(st.lists(st.sampled_from(["He dies.", "Fine cast.", "So."]), max_size=5).map(" ".join), max_size=6)


@given(reviews=REVIEWS)
def test_sentences_are_slices_of_their_review(reviews: list[str]) -> None:
    documents = Documents.from_reviews(reviews)
    review_of = np.repeat(np.arange(len(reviews)), documents.lengths)
    for sentence, start, review in zip(documents.sentences, documents.starts, review_of, strict=True):
        assert reviews[review][start : start + len(sentence)] == sentence


def test_a_sentence_without_neighbours_stands_alone() -> None:
    documents = Documents.from_reviews(["One. Two.", "", "Three."])
    assert documents.lengths.tolist() == [2, 0, 1]
    assert documents.in_review.tolist() == [True, True, False]
    assert documents.positions.tolist() == [0, 1, 0]
    assert not Documents.from_sentences(["One.", "Two."]).in_review.any()


@given(lengths=st.lists(st.integers(0, 3 * MAX_SENTENCES), max_size=4))
def test_batches_hold_every_sentence_once_in_order_and_never_too_many_of_a_document(lengths: list[int]) -> None:
    sentences = [str(number) for number in range(sum(lengths))]
    batches = list(Documents.from_sentences(sentences, np.array(lengths, dtype=np.int64)).batches())
    assert [sentence for batch in batches for sentence in batch.sentences] == sentences
    assert all(batch.lengths.max() <= MAX_SENTENCES for batch in batches)
    assert all(batch.lengths.sum() == len(batch) == len(batch.starts) for batch in batches)


def test_a_standing_is_also_its_name() -> None:
    assert [str(standing) for standing in Standing] == ["alone", "in review"]
    assert Standing("in review") is Standing.IN_REVIEW
