"""The accessor ``.spoilers`` of a pandas Series of reviews: ``df["text"].spoilers.flag()``.

It is there where pandas was imported before spoilerguard, as sorted imports have it, or before a name of spoilerguard
was first used; ``import spoilerguard.pandas`` brings it in any order. No hook waits for pandas: it would act on every
import of a process.
"""

from typing import Any

import pandas as pd

__all__ = ["Spoilers"]


@pd.api.extensions.register_series_accessor("spoilers")
class Spoilers:
    """What spoilerguard makes of a column of reviews.

    Each method takes the options of `spoilerguard.classify_table`, and shows a progress bar on a terminal.

    Parameters
    ----------
    reviews : Series
        One review a row; missing ones stay missing.

    Examples
    --------
    >>> frame = pd.DataFrame({"text": ["Lovely music. In the end Anna dies.", "Fine acting.", None]})
    >>> frame["text"].spoilers.flag().tolist()
    [True, False, <NA>]
    >>> frame[frame["text"].spoilers.flag()].index.tolist()
    [0]
    """

    def __init__(self, reviews: "pd.Series[Any]") -> None:
        self._reviews = reviews

    def classify(self, **options: Any) -> pd.DataFrame:  # noqa: ANN401 - those of `classify_table`
        """One row a sentence: see `spoilerguard.classify_table`.

        Parameters
        ----------
        **options
            Of `spoilerguard.classify_table`: ``by``, ``model``, ``threshold``, ``level``, ``markup``, ``n_jobs``,
            ``progress``, ``story`` and ``stories``. With ``stories``, ``story`` is the Series of works, not the name of
            a column.

        Returns
        -------
        DataFrame
            Under the index of the reviews.

        Examples
        --------
        >>> pd.Series(["Lovely music. In the end Anna dies."]).spoilers.classify()["label"].tolist()
        ['safe', 'spoiler']
        """
        from spoilerguard.tables import classify_table

        reviews = self._reviews.to_frame("text")
        works = options.get("story")
        if isinstance(works, pd.Series):
            reviews["work"], options["story"] = works, "work"
        frame: pd.DataFrame = classify_table(reviews, **options)
        return frame

    def flag(self, **options: Any) -> "pd.Series[Any]":  # noqa: ANN401
        """Whether a sentence of each review is marked as a spoiler.

        Parameters
        ----------
        **options
            As in `classify`.

        Returns
        -------
        Series of boolean
            Under the index and the name of the reviews; False for an empty review, missing for a missing one.

        Examples
        --------
        >>> pd.Series(["Lovely music. In the end Anna dies.", ""]).spoilers.flag().tolist()
        [True, False]
        """
        return self._named(self.classify(by="review", **options)["n_spoilers"] > 0)

    def redact(self, style: str = "block", **options: Any) -> "pd.Series[Any]":  # noqa: ANN401
        """The reviews with their spoilers hidden.

        Parameters
        ----------
        style : str, default "block"
            As in `spoilerguard.redact`.
        **options
            As in `classify`.

        Returns
        -------
        Series of str
            Under the index and the name of the reviews.

        Examples
        --------
        >>> pd.Series(["Lovely music. In the end Anna dies."]).spoilers.redact(style="reddit").tolist()
        ['Lovely music. >!In the end Anna dies.!<']
        """
        return self._named(self.classify(by="review", style=style, **options)["redacted"])

    def _named(self, found: "pd.Series[Any]") -> "pd.Series[Any]":
        found.name = self._reviews.name
        return found
