"""The public corpora, downloaded from their owners under their owners' terms; nothing is passed on.

The owners publish no checksums. So the first download is trusted and its SHA-256 is written beside the file; from
then on every copy must match it.
"""

import csv
import io
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pandas as pd

from spoilerguard.corpus import Corpus
from spoilerguard.datasets.ucsd import read_goodreads
from spoilerguard.errors import CorpusError, MissingExtraError

__all__ = ["GOODREADS", "TVTROPES", "Published", "fetch_goodreads", "fetch_goodreads_file", "fetch_tvtropes"]


@dataclass(frozen=True)
class Published:
    """A file that somebody else publishes."""

    file: str  # its name, in the cache as well
    base_url: str  # the folder in which its owners keep it, with the closing slash
    terms: str  # their conditions, printed before it is downloaded

    @property
    def url(self) -> str:
        """Where the file is."""
        return self.base_url + self.file


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
        The folder to keep the archive in; the user's cache folder where not given.
    base_url : str, optional
        Another address that serves the same file, such as a mirror.

    Returns
    -------
    Corpus
        All published parts, named in the column ``split`` (train, dev1, dev2, test); ``work`` is the page.

    Raises
    ------
    MissingExtraError
        If pooch is not installed.
    CorpusError
        If the download fails, or the file is not the one that was downloaded before.

    Examples
    --------
    >>> fetch_tvtropes()  # doctest: +SKIP
    """
    archive = _download(TVTROPES, cache, base_url)
    rows: list[dict[str, str]] = []
    try:
        with tarfile.open(archive) as tar:  # read in place: nothing is unpacked onto the disk
            for member in tar:
                name = PurePosixPath(member.name).name
                stream = tar.extractfile(member) if name.endswith(".balanced.csv") and member.isfile() else None
                if stream is None or name.startswith("._"):
                    continue
                # A few bytes of the wiki dump may be no UTF-8; checks name what they leave behind.
                text = io.TextIOWrapper(stream, encoding="utf-8", errors="replace", newline="")
                split = {"split": name.removesuffix(".balanced.csv")}
                rows += [row | split for row in csv.DictReader(text) if row["sentence"].strip()]
    except (tarfile.TarError, EOFError, OSError) as error:
        raise CorpusError(f"{archive}: broken archive: {error}; delete it and fetch it again") from error
    if not rows:
        raise CorpusError(f"{archive}: holds no *.balanced.csv; it is not the archive of Boyd-Graber et al. (2013)")
    frame = pd.DataFrame(rows).assign(source="tvtropes")
    return Corpus.from_frame(frame, columns={"work": "page"}, name="tvtropes")


def fetch_goodreads_file(*, cache: Path | None = None, base_url: str | None = None) -> Path:
    """The UCSD Goodreads spoiler file as published (about 600 MB), for `iter_goodreads`.

    Parameters
    ----------
    cache, base_url
        As in `fetch_tvtropes`, and so are the errors.

    Returns
    -------
    pathlib.Path

    Examples
    --------
    >>> for review in iter_goodreads(fetch_goodreads_file()):  # doctest: +SKIP
    ...     model.partial_fit(review.sentences, review.labels)
    """
    return _download(GOODREADS, cache, base_url)


def fetch_goodreads(
    *, max_reviews: int | None = None, cache: Path | None = None, base_url: str | None = None
) -> Corpus:
    """The Goodreads reviews of Wan et al. (2019) with the readers' own spoiler tags, downloaded once.

    Parameters
    ----------
    max_reviews : int, optional
        Read only so many reviews from the start. All 1.4 million are 18 million sentences, some gigabytes of memory.
    cache, base_url
        As in `fetch_tvtropes`, and so are the errors.

    Returns
    -------
    Corpus

    Examples
    --------
    >>> fetch_goodreads(max_reviews=10_000)  # doctest: +SKIP
    """
    [(frame, origin)] = read_goodreads(_download(GOODREADS, cache, base_url), max_reviews=max_reviews)
    return Corpus.from_frame(frame, name="goodreads", origin=origin)


def _download(source: Published, cache: Path | None, base_url: str | None) -> Path:
    """The cached file, downloaded first where it is missing or no longer matches its hash."""
    try:
        import pooch
    except ImportError as error:
        raise MissingExtraError('downloading needs pooch: pip install "spoilerguard[fetch]"') from error
    folder = Path(cache or pooch.os_cache("spoilerguard"))
    record = folder / f"{source.file}.sha256"
    known = record.read_text(encoding="ascii").strip() if record.exists() else None
    url = (base_url or source.base_url) + source.file
    if not (folder / source.file).exists():
        terms = f"{source.file}, the terms of its owners ({source.url}):\n{source.terms}"
        print(terms, file=sys.stderr)  # noqa: T201 - the owners' terms must reach the user
    downloader = pooch.HTTPDownloader(
        progressbar=sys.stderr.isatty(),
        chunk_size=1 << 20,
        headers={"Accept-Encoding": "identity"},  # the file as it is stored, not unpacked on the way
    )
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel("WARNING")  # below that it advises the user to pass a hash
    try:
        path = Path(pooch.retrieve(url, known, source.file, folder, downloader=downloader))
    except OSError as error:
        raise CorpusError(f"{url}: cannot be downloaded: {error}; check the connection and call again") from error
    except ValueError as error:  # from pooch: the hash does not match
        raise CorpusError(
            f"{url}: the file changed since it was first downloaded; if its owners say so too, delete {record} "
            "and fetch it again"
        ) from error
    finally:
        logger.setLevel(level)
    if known is None:
        record.write_text(pooch.file_hash(str(path)) + "\n", encoding="ascii")
    return path
