"""One file from its owner's address into the cache: resumed when it broke off, refused when it changed.

The owners publish no checksums. So the first download is trusted and its SHA-256 is written beside the
file; from then on every copy must match it.
"""

import hashlib
import http.client
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ..errors import CorpusError, MissingExtraError

__all__ = ["Published", "download"]

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Published:
    """A file that somebody else publishes.

    Attributes
    ----------
    file : str
        Its name, in the cache as well.
    base_url : str
        The folder in which its owners keep it, with the closing slash.
    terms : str
        Their conditions, printed when it is downloaded.
    known_hash : str or None
        Its published SHA-256, where there is one.

    Examples
    --------
    >>> Published("a.gz", "https://example.org/data/", "Cite us.").url
    'https://example.org/data/a.gz'
    """

    file: str
    base_url: str
    terms: str
    known_hash: str | None = None

    @property
    def url(self) -> str:
        """Where the file is."""
        return self.base_url + self.file


def download(source: Published, *, cache: Path | None = None, base_url: str | None = None) -> Path:
    """The cached file, brought first where it is not there or no longer matches its hash.

    Parameters
    ----------
    source : Published
        What to bring.
    cache : path, optional
        The folder to keep it in; the user's cache folder where not given.
    base_url : str, optional
        Another place that serves the same file, such as a mirror.

    Raises
    ------
    MissingExtraError
        If pooch is not installed.
    CorpusError
        If the download fails, or the file is not the one that was downloaded before.
    """
    try:
        import pooch
    except ImportError as error:
        raise MissingExtraError('downloading needs pooch: pip install "spoilerguard[fetch]"') from error
    folder = Path(cache) if cache else Path(pooch.os_cache("spoilerguard"))
    record = folder / f"{source.file}.sha256"
    known = source.known_hash or (record.read_text(encoding="ascii").strip() if record.exists() else None)
    url = (base_url or source.base_url) + source.file
    chatter = pooch.get_logger()
    level = chatter.level
    chatter.setLevel("WARNING")  # its advice on hashes is meant for us
    try:
        path = Path(pooch.retrieve(url, known, source.file, folder, downloader=_Resuming(source, folder)))
    except ValueError as error:  # pooch's word for a hash that does not match
        raise CorpusError(
            f"{url}: the file changed since it was first downloaded; if its owners say so too, delete {record} "
            "and fetch it again"
        ) from error
    except (OSError, http.client.HTTPException) as error:
        raise CorpusError(f"{url}: cannot be downloaded: {error}; call again to go on where it stopped") from error
    finally:
        chatter.setLevel(level)
    if known is None:
        record.write_text(_sha256(path) + "\n", encoding="ascii")
    return path


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class _Resuming:
    """A pooch downloader that keeps what came in ``<file>.part`` and asks only for the rest."""

    def __init__(self, source: Published, folder: Path) -> None:
        self.terms = f"{source.file}, the terms of its owners ({source.url}):\n{source.terms}"
        self.part = folder / f"{source.file}.part"
        self.tag = folder / f"{source.file}.part.tag"  # the server's version of the file that the part is of

    def __call__(self, url: str, output_file: str, _pooch: object, check_only: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002
        """Called by pooch, with a temporary file to fill."""
        if not self.part.exists():
            print(self.terms, file=sys.stderr)  # noqa: T201 - the owners' terms must reach the user
        with self._open(url) as answer:
            goes_on = answer.status == 206
            done = self.part.stat().st_size if goes_on else 0
            self.tag.write_text(answer.headers.get("ETag") or answer.headers.get("Last-Modified") or "", "utf-8")
            total = done + int(answer.headers.get("Content-Length") or 0)
            self._receive(answer, done, total)
        size = self.part.stat().st_size
        if size < total:
            raise ConnectionError(f"broke off after {size:,} of {total:,} bytes")
        self.part.replace(output_file)
        self.tag.unlink()

    def _open(self, url: str) -> Any:  # noqa: ANN401 - urllib's own answer type is private
        """Ask for the rest where the server still has the same version, else for all of it."""
        request = urllib.request.Request(url)  # noqa: S310 - https addresses, or what the caller passed
        tag = self.tag.read_text("utf-8") if self.tag.exists() else ""
        if tag and self.part.exists():
            request.add_header("Range", f"bytes={self.part.stat().st_size}-")
            request.add_header("If-Range", tag)
        try:
            return urllib.request.urlopen(request, timeout=60)  # noqa: S310
        except urllib.error.HTTPError as error:
            if error.code != 416:
                raise
            error.close()
            self.part.unlink()
            return self._open(url)

    def _receive(self, answer: Any, done: int, total: int) -> None:  # noqa: ANN401
        bar = tqdm(total=total or None, initial=done, unit="B", unit_scale=True, desc=self.part.stem, disable=None)
        with self.part.open("ab" if done else "wb") as out, bar:
            while block := answer.read(_BLOCK):
                out.write(block)
                bar.update(len(block))
