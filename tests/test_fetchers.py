"""Fetchers against a server on this machine: hash, cache, terms."""

import gzip
import io
import json
import sys
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from spoilerguard.datasets import fetch_goodreads, fetch_goodreads_file, fetch_tvtropes, fetchers
from spoilerguard.errors import CorpusError, MissingExtraError

pytest.importorskip("pooch")


class Owner:
    """A web server with files, that can break off on demand."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.break_after: int | None = None
        self.n_requests = 0
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                owner.n_requests += 1
                body = owner.files.get(self.path.lstrip("/"))
                if body is None:
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[: owner.break_after])

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"


@pytest.fixture
def owner() -> Iterator[Owner]:
    owner = Owner()
    thread = threading.Thread(target=owner.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield owner
    owner.server.shutdown()
    thread.join()
    owner.server.server_close()


def reviews(count: int) -> bytes:
    rows = (
        {"review_id": f"r{n}", "book_id": n, "review_sentences": [[0, "Fun."], [1, f"He dies {n}."]]}
        for n in range(count)
    )
    return gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode(), mtime=0)


def tropes(*parts: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for part in parts:
            body = (
                b'sentence,spoiler,verb,page,trope\n"She wins, at last.",True,win,SomeShow,HappyEnding\n'
                b"A ship sails.,False,sail,Other,Boats\n"
            )
            info = tarfile.TarInfo(f"spoilers/{part}")
            info.size = len(body)
            tar.addfile(info, io.BytesIO(body))
    return buffer.getvalue()


def test_tv_tropes_come_with_page_as_work_and_part_as_split(owner: Owner, tmp_path: Path) -> None:
    owner.files["spoilers.tar.gz"] = tropes("train.balanced.csv", "dev1.balanced.csv", "README", "._test.balanced.csv")
    corpus = fetch_tvtropes(cache=tmp_path, base_url=owner.url)
    assert corpus.frame["split"].tolist() == ["train", "train", "dev1", "dev1"]
    assert corpus.frame["work"].tolist() == ["SomeShow", "Other"] * 2
    assert corpus.labels.tolist() == [1, 0, 1, 0]


def test_an_archive_without_the_tables_is_refused(owner: Owner, tmp_path: Path) -> None:
    owner.files["spoilers.tar.gz"] = tropes("README")
    with pytest.raises(CorpusError, match=r"holds no \*\.balanced\.csv"):
        fetch_tvtropes(cache=tmp_path, base_url=owner.url)


def test_a_web_page_in_place_of_the_archive_is_refused(owner: Owner, tmp_path: Path) -> None:
    owner.files["spoilers.tar.gz"] = b"<html>Please log in</html>"
    with pytest.raises(CorpusError, match="broken archive"):
        fetch_tvtropes(cache=tmp_path, base_url=owner.url)


def test_goodreads_can_be_cut_to_the_first_reviews(owner: Owner, tmp_path: Path) -> None:
    owner.files["goodreads_reviews_spoiler.json.gz"] = reviews(20)
    corpus = fetch_goodreads(max_reviews=3, cache=tmp_path, base_url=owner.url)
    assert corpus.lengths.tolist() == [2, 2, 2]


def test_the_owners_terms_are_printed_once_and_the_file_is_downloaded_once(
    owner: Owner, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    owner.files["goodreads_reviews_spoiler.json.gz"] = reviews(2)
    path = fetch_goodreads_file(cache=tmp_path, base_url=owner.url)
    assert path == fetch_goodreads_file(cache=tmp_path, base_url=owner.url)
    said = capsys.readouterr().err
    assert said.count("academic use only") == 1
    assert fetchers.GOODREADS.url in said
    assert owner.n_requests == 1


def test_a_download_that_breaks_off_is_refused_and_leaves_nothing_behind(owner: Owner, tmp_path: Path) -> None:
    body = owner.files["goodreads_reviews_spoiler.json.gz"] = reviews(500)
    owner.break_after = 700
    with pytest.raises(CorpusError, match=r"cannot be downloaded: .*700 bytes read"):
        fetch_goodreads_file(cache=tmp_path, base_url=owner.url)
    assert not list(tmp_path.iterdir())
    owner.break_after = None
    assert fetch_goodreads_file(cache=tmp_path, base_url=owner.url).read_bytes() == body
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "goodreads_reviews_spoiler.json.gz",
        "goodreads_reviews_spoiler.json.gz.sha256",
    ]


def test_a_damaged_copy_in_the_cache_is_fetched_again(owner: Owner, tmp_path: Path) -> None:
    body = owner.files["goodreads_reviews_spoiler.json.gz"] = reviews(5)
    fetch_goodreads_file(cache=tmp_path, base_url=owner.url).write_bytes(b"rotten")
    assert fetch_goodreads_file(cache=tmp_path, base_url=owner.url).read_bytes() == body


def test_a_file_that_changed_at_its_owners_is_refused(owner: Owner, tmp_path: Path) -> None:
    owner.files["goodreads_reviews_spoiler.json.gz"] = reviews(5)
    fetch_goodreads_file(cache=tmp_path, base_url=owner.url).unlink()
    owner.files["goodreads_reviews_spoiler.json.gz"] = reviews(6)
    with pytest.raises(CorpusError, match="changed since it was first downloaded"):
        fetch_goodreads_file(cache=tmp_path, base_url=owner.url)


def test_a_missing_file_names_its_address(owner: Owner, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"spoilers\.tar\.gz: cannot be downloaded: .*404"):
        fetch_tvtropes(cache=tmp_path, base_url=owner.url)


def test_without_pooch_the_error_holds_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(MissingExtraError, match=r'pip install "spoilerguard\[fetch\]"'):
        fetch_tvtropes()


def test_no_address_is_without_https() -> None:
    assert all(source.url.startswith("https://") for source in (fetchers.TVTROPES, fetchers.GOODREADS))
