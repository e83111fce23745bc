"""Several checked tables → one, in which reviews of different tables stay apart."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pandas as pd

from spoilerguard.corpus.schema import COLUMNS, OPTIONAL, TEXT, own_names

__all__ = ["join"]


def join(parts: Sequence[tuple[pd.DataFrame, str]]) -> tuple[pd.DataFrame, str]:
    """One table after the other, and their names; a review id that two of them use gets a suffix."""
    uses = Counter(review for frame, _ in parts for review in frame["review_id"].dropna().unique())
    shared = [review for review, count in uses.items() if count > 1]
    marks: list[str] = []
    frames = []
    for one, name in parts:
        marks.append(name if name not in marks else f"{name}#{len(marks)}")
        ids = one["review_id"]
        frames.append(one.assign(review_id=ids.mask(ids.isin(shared), ids + f"@{marks[-1]}")))
    frame = pd.concat(frames, ignore_index=True)
    kept = [*OPTIONAL, *own_names(frame)]
    ordered = [column for column in (*COLUMNS, *kept) if column in frame.columns]
    types: dict[str, Any] = {column: TEXT for column in kept if column in frame.columns}
    if "major" in types:
        types["major"] = "Int8"
    names = dict.fromkeys(name for _, name in parts if name)
    return frame[ordered].astype(types), " + ".join(names)
