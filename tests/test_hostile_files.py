"""Files that were broken, or made to do harm: a corpus or a model is read whole, or refused with a reason."""

import copy
import gzip
import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from spoilerguard import Corpus, SpoilerClassifier, classify, load, load_corpus, save
from spoilerguard.context import CONTEXT_FEATURES, ReviewContext
from spoilerguard.errors import CorpusError

# A broken header may be a misspelt one, of which reading warns.
pytestmark = pytest.mark.filterwarnings("ignore:.* is not read:UserWarning")

HEAD = "sentence,spoiler,review_id,position,work\n"
TABLE = HEAD + "".join(f'"He said ""{n}"", and é dies.",{n % 2},r{n // 4},{n % 4},W{n // 8}\n' for n in range(24))
ROWS = [
    {"sentence": f"Sentence {n} dies.", "spoiler": n % 2, "review_id": f"r{n // 4}", "weight": n} for n in range(24)
]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS)
GOLD = json.dumps({"review_id": "r", "text": "Dull. He dies.", "spans": [[0, 5], [6, 14]], "labels": [0, 2]})


def as_parquet(folder: Path) -> bytes:
    pytest.importorskip("pyarrow", reason="needs pyarrow")
    pd.DataFrame(ROWS).to_parquet(folder / "table.parquet")
    return (folder / "table.parquet").read_bytes()


KINDS: dict[str, Callable[[Path], bytes]] = {
    ".csv": lambda _: TABLE.encode(),
    ".tsv": lambda _: TABLE.replace(",", "\t").encode(),
    ".jsonl": lambda _: LINES.encode(),
    "-gold.jsonl": lambda _: (GOLD + "\n").encode() * 3,
    ".csv.gz": lambda _: gzip.compress(TABLE.encode(), mtime=0),
    ".jsonl.gz": lambda _: gzip.compress(LINES.encode(), mtime=0),
    ".parquet": as_parquet,
}


def read_or_refused(path: Path) -> bool:
    """Whether the file is read; any other error than a `CorpusError` is a failure of the test."""
    try:
        corpus = load_corpus(path)
    except CorpusError as refusal:
        if str(path) not in str(refusal):
            raise AssertionError(f"no path in: {refusal}") from refusal
        return False
    assert isinstance(corpus, Corpus)
    assert len(corpus.sentences) == len(corpus.labels) == len(corpus.groups) == corpus.lengths.sum()
    assert set(corpus.labels.tolist()) <= {0, 1}
    assert np.isfinite(corpus.weights).all()
    return True


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_with_flipped_bits_is_read_whole_or_refused(kind: str, tmp_path: Path) -> None:
    clean, chance, path = KINDS[kind](tmp_path), random.Random(kind), tmp_path / f"flipped{kind}"
    for _ in range(60):
        data = bytearray(clean)
        for _ in range(chance.choice([1, 1, 2, 8])):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        path.write_bytes(data)
        read_or_refused(path)


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_cut_short_anywhere_is_read_whole_or_refused(kind: str, tmp_path: Path) -> None:
    clean, path = KINDS[kind](tmp_path), tmp_path / f"cut{kind}"
    for size in {*range(0, len(clean), max(len(clean) // 40, 1)), *range(len(clean) - 12, len(clean))}:
        path.write_bytes(clean[:size])
        is_read = read_or_refused(path)
        assert not is_read or kind not in (".csv.gz", ".jsonl.gz", ".parquet")


@pytest.mark.parametrize("kind", KINDS)
def test_bytes_appended_to_a_table_are_read_or_refused(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"longer{kind}"
    path.write_bytes(KINDS[kind](tmp_path) + b"\0\xff{")
    read_or_refused(path)


# What the fuzzer, or somebody with its mind, has made of a table: each went through as another error, or may have.
REFUSED = {
    "position beyond all counting": ("a.csv", HEAD + "A.,1,r,1e300,\n"),
    "position too large for a float": ("a.jsonl", '{"sentence": "A.", "spoiler": 1, "position": 1%s}' % ("0" * 400)),
    "weight too large for a float": ("a.jsonl", '{"sentence": "A.", "spoiler": 1, "weight": 1%s}' % ("0" * 400)),
    "number of too many digits": ("a.jsonl", '{"sentence": "A.", "spoiler": 1%s}' % ("0" * 5000)),
    "number of too many digits in a cell": ("a.csv", 'text,spans,labels\nA.,"[[0, 1%s]]",[1]\n' % ("0" * 5000)),
    "two columns of one name": ("a.csv", "sentence,spoiler,work,work\nA.,1,x,y\n"),
    "two columns of one name in whole reviews": ("a.csv", 'text,text,spans,labels\nA.,B.,"[[0, 2]]",[1]\n'),
    "span to infinity": ("a.jsonl", GOLD.replace("14", "Infinity")),
    "span of NaN": ("a.jsonl", GOLD.replace("14", "NaN")),
    "nested without end": ("a.jsonl", '{"sentence": ' + "[" * 200_000),
    "nested without end in a cell": ("a.csv", "text,spans,labels\nA.," + "[" * 100_000 + ",[1]\n"),
    "an object as a sentence": ("a.jsonl", '{"sentence": {"a": 1}, "spoiler": 1}'),
    "a list as a label": ("a.jsonl", '{"sentence": "A.", "spoiler": [1]}'),
    "a list as a weight": ("a.jsonl", '{"sentence": "A.", "spoiler": 1, "weight": []}'),
    "a hundred thousand columns": ("a.csv", "sentence,spoiler," + ",".join(map(str, range(100_000))) + "\nA.,1\n"),
}
READ = {
    "cell of a megabyte": ("a.csv", HEAD + "A" * 1_000_000 + ",1,,,\n", ["A" * 1_000_000]),
    "NUL in a cell": ("a.csv", HEAD + "A\0B.,1,,,\n", ["A\0B."]),
    "NUL and a half character in JSON": ("a.jsonl", '{"sentence": "A\\u0000\\ud800.", "spoiler": 1}', ["A\0\ud800."]),
    "a list as the id of a review": ("a.jsonl", GOLD.replace('"r"', "[]"), ["Dull.", "He dies."]),
    "an object as the work": ("a.jsonl", '{"sentence": "A.", "spoiler": 1, "work": {"a": []}}', ["A."]),
    "the last possible position": ("a.csv", HEAD + f"A.,1,r,{2**53 - 1},\n", ["A."]),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_a_hostile_table_is_refused(fault: str, tmp_path: Path) -> None:
    name, content = REFUSED[fault]
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert not read_or_refused(tmp_path / name)


@pytest.mark.parametrize("oddity", READ)
def test_an_odd_table_is_read(oddity: str, tmp_path: Path) -> None:
    name, content, sentences = READ[oddity]
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert load_corpus(tmp_path / name).sentences == sentences


def test_a_refusal_of_a_table_with_very_many_columns_is_no_longer_than_a_page(tmp_path: Path) -> None:
    (tmp_path / "wide.csv").write_text(",".join(map(str, range(10_000))) + "\n" + "," * 9_999 + "\n")
    with pytest.raises(CorpusError, match="missing column 'sentence'") as refusal:
        load_corpus(tmp_path / "wide.csv")
    assert len(str(refusal.value)) < 3000


def test_links_are_followed_to_a_table_and_refused_where_they_lead_nowhere(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(TABLE, encoding="utf-8")
    for name, target in (("link.csv", "table.csv"), ("lost.csv", "nowhere.csv"), ("self.csv", "self.csv")):
        (tmp_path / name).symlink_to(target)
    assert load_corpus(tmp_path / "link.csv").sentences == load_corpus(tmp_path / "table.csv").sentences
    for name in ("lost.csv", "self.csv"):
        with pytest.raises(CorpusError, match="no such file"):
            load_corpus(tmp_path / name)


def test_a_packed_bomb_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    pytest.importorskip("resource", reason="only POSIX systems report the peak memory")
    path = tmp_path / "bomb.csv.gz"
    with gzip.open(path, "wb", 9) as packed:
        for _ in range(300):
            packed.write(b"\0" * 1_000_000)
    code = (
        "import resource, sys; import spoilerguard, pandas; import spoilerguard.datasets\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try: spoilerguard.load_corpus(sys.argv[1])\n"
        "except spoilerguard.CorpusError as refusal: print(refusal, file=sys.stderr)\n"
        "else: raise SystemExit('read')\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        cwd=Path(__file__).parents[1],
    )
    assert "line 1: longer than" in result.stderr
    assert int(result.stdout) * (1 if sys.platform == "darwin" else 1024) < 300e6


@pytest.mark.slow
def test_a_line_of_a_hundred_megabytes_is_refused(tmp_path: Path) -> None:
    for name, start in (("a.csv", HEAD), ("a.jsonl", '{"sentence": "')):
        (tmp_path / name).write_text(start + "A" * 100_000_000)
        assert not read_or_refused(tmp_path / name)


# models ------------------------------------------------------------------------------------------------------------


def test_whole_numbers_beyond_64_bits_in_a_model_are_numbers_like_any_other(
    tiny_model: SpoilerClassifier, tmp_path: Path
) -> None:
    model = copy.deepcopy(tiny_model).attach(context=ReviewContext(dict.fromkeys(CONTEXT_FEATURES, 10**8), 10**8))
    save(model, tmp_path / "model")
    for changed in (model, load(tmp_path / "model")):
        changed.attach(context=ReviewContext(dict.fromkeys(CONTEXT_FEATURES, 2**70), 2**70))
        verdicts: Any = classify("He dies. Great music.", model=changed)
        assert all(0 <= verdict.probability <= 1 for verdict in verdicts)
