"""The public corpora, from their owners' addresses, under their owners' terms; nothing is passed on."""

import csv
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pandas as pd

from ..corpus import Corpus
from ..errors import CorpusError
from .download import Published, download
from .ucsd import read_goodreads

__all__ = ["GOODREADS", "TVTROPES", "fetch_goodreads", "fetch_goodreads_file", "fetch_tvtropes"]

# Neither owner publishes a checksum that we could find: `download` records the hash of the first download.
TVTROPES = Published(
    file="spoilers.tar.gz",
    base_url="https://www.umiacs.umd.edu/~jbg/downloads/",
    terms=(
        "Sentences from TV Tropes, whose text is licensed CC BY-NC-SA: name the source, no commercial use, share\n"
        "alike. Cite Boyd-Graber, Glasgow and Zajac (2013), Spoiler alert: Machine learning approaches to detect\n"
        "social media posts with revelatory information, ASIST."
    ),
)
GOODREADS = Published(
    file="goodreads_reviews_spoiler.json.gz",
    base_url="https://mcauleylab.ucsd.edu/public_datasets/gdrive/goodreads/",
    terms=(
        "For academic use only; do not redistribute, no commercial use.\n"
        "Cite Wan and McAuley (2018), Item recommendation on monotonic behavior chains, RecSys; and\n"
        "Wan, Misra, Nakashole and McAuley (2019), Fine-grained spoiler detection from large-scale review corpora, ACL."
    ),
)


def fetch_tvtropes(*, cache: Path | None = None, base_url: str | None = None) -> Corpus:
    """The TV Tropes sentences of Boyd-Graber, Glasgow and Zajac (2013), downloaded once.

    Parameters
    ----------
    cache : path, optional
        Where to keep the archive; the user's cache folder where not given.
    base_url : str, optional
        Another address for the same file.

    Returns
    -------
    Corpus
        All published parts, told apart by the column ``split`` (train, dev1, dev2, test); ``work`` is
        the page.

    Examples
    --------
    >>> fetch_tvtropes()  # doctest: +SKIP
    """
    archive = download(TVTROPES, cache=cache, base_url=base_url)
    try:
        rows = list(_tropes(archive))
    except (tarfile.TarError, EOFError, OSError) as error:
        raise CorpusError(f"{archive}: broken archive: {error}; delete it and fetch it again") from error
    if not rows:
        raise CorpusError(f"{archive}: holds no *.balanced.csv; it is not the archive of Boyd-Graber et al. (2013)")
    frame = pd.DataFrame(rows).assign(source="tvtropes")
    return Corpus.from_frame(frame, columns={"work": "page"}, name="tvtropes")


def _tropes(archive: Path) -> Iterator[dict[str, str]]:
    """The rows of every table in the archive, read in place: nothing is unpacked onto the disk."""
    with tarfile.open(archive) as tar:
        for member in tar:
            name = PurePosixPath(member.name).name
            stream = tar.extractfile(member) if name.endswith(".balanced.csv") and member.isfile() else None
            if stream is None or name.startswith("._"):
                continue
            # A few bytes of the wiki dump may be no UTF-8; checks name what they leave behind.
            text = io.TextIOWrapper(stream, encoding="utf-8", errors="replace", newline="")
            part = name.removesuffix(".balanced.csv")
            yield from (row | {"split": part} for row in csv.DictReader(text) if row["sentence"].strip())


def fetch_goodreads_file(*, cache: Path | None = None, base_url: str | None = None) -> Path:
    """The UCSD Goodreads spoiler file as published (about 600 MB), for `iter_goodreads`.

    Examples
    --------
    >>> for review in iter_goodreads(fetch_goodreads_file()):  # doctest: +SKIP
    ...     model.partial_fit(review.sentences, review.labels)
    """
    return download(GOODREADS, cache=cache, base_url=base_url)


def fetch_goodreads(
    *, max_reviews: int | None = None, cache: Path | None = None, base_url: str | None = None
) -> Corpus:
    """The Goodreads reviews of Wan et al. (2019) with the readers' own spoiler tags, downloaded once.

    Parameters
    ----------
    max_reviews : int, optional
        Read only so many reviews from the start. All 1.4 million are 18 million sentences, some
        gigabytes of memory.
    cache, base_url
        As in `fetch_tvtropes`.

    Examples
    --------
    >>> fetch_goodreads(max_reviews=10_000)  # doctest: +SKIP
    """
    frame, origin = read_goodreads(fetch_goodreads_file(cache=cache, base_url=base_url), max_reviews=max_reviews)
    return Corpus.from_origin(frame, origin, name="goodreads")
