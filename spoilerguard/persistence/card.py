"""A model's card as a page for people: what `card_` holds, in its own order, and what the model itself knows.

The page is part of the model: its hash stands in ``model.json``, so a claim cannot be edited without a new save.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict

from spoilerguard.errors import ModelFormatError
from spoilerguard.model import SpoilerClassifier
from spoilerguard.persistence.document import Json, plain, plain_object
from spoilerguard.persistence.format_2 import kind_of
from spoilerguard.persistence.formats import versions
from spoilerguard.persistence.layout import Fault

__all__ = ["card_markdown"]

_TOP = 2  # the level of a card's own keys, which are always headings
_TITLE = "A spoilerguard model"
_BAR = "\\|"  # inside a table
_MANY = 10_000  # from here on, thousands are set apart: 2026 may be a year


def card_markdown(model: SpoilerClassifier) -> str:
    """The card of a fitted model, in Markdown.

    Parameters
    ----------
    model : SpoilerClassifier
        Its `card_` may hold anything that JSON can: a text becomes a paragraph, a dict or a list becomes bullets, and
        a table where its entries are dicts of plain values. The key "name" becomes the title.

    Returns
    -------
    str

    Examples
    --------
    >>> model = SpoilerClassifier().fit(["He dies at the end.", "Great music."], [1, 0])
    >>> model.card_ = {"name": "Two sentences", "metrics": {"alone": {"auc": 0.5, "interval": (0.4, 0.6)}}}
    >>> print(card_markdown(model)[:116])
    # Two sentences
    <BLANKLINE>
    ## Metrics
    <BLANKLINE>
    |  | auc | interval |
    | --- | --- | --- |
    | alone | 0.5 | 0.4 to 0.6 |
    <BLANKLINE>
    ## Parameters
    """
    try:
        return "\n\n".join(_blocks(model)) + "\n"
    except Fault as fault:
        raise ModelFormatError(f"This card cannot be written: {fault}") from None


def _blocks(model: SpoilerClassifier) -> Iterator[str]:
    card = plain_object(model.card_, "card")
    yield f"# {_inline(card.pop('name', _TITLE))}"
    points = {name: asdict(point) for name, point in model.operating_points_.items()}
    vectorizer = model.vectorizer_.get_params(deep=False) | {"encoder": kind_of(model.vectorizer_.encoder)}
    own = {
        **({"operating points": points} if points else {}),
        "parameters": model.get_params(deep=False) | {"vectorizer": vectorizer, "classes": model.classes_},
        "saved with": versions(),
    }
    yield from _section(card, _TOP)
    yield from _section(plain(own, "the model"), _TOP)


def _section(value: Json, level: int) -> Iterator[str]:
    """A paragraph, bullets or a table where they can hold the value; headings where they cannot."""
    if level > _TOP and (rows := _rows(value)):
        yield _table(rows)
    elif isinstance(value, dict) and level > _TOP and _is_shallow(value):
        yield "\n".join(f"- {_words(name)}: {_inline(_interval(name, inner))}" for name, inner in value.items())
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield f"{'#' * min(level, 6)} {_heading(name)}"
            yield from _section(inner, level + 1)
    elif isinstance(value, list):
        yield "\n".join(f"- {_inline(entry)}" for entry in value)
    else:
        yield value.strip() if isinstance(value, str) else _inline(value)


def _is_shallow(value: Mapping[str, Json]) -> bool:
    """Whether each entry fits on a line."""
    return all(_is_flat(inner.values() if isinstance(inner, dict) else [inner]) for inner in value.values())


def _is_flat(values: Iterable[Json]) -> bool:
    """Whether each value fits on a line: a scalar, or a list of scalars."""
    return all(
        not isinstance(entry, dict | list)
        for value in values
        for entry in (value if isinstance(value, list) else [value])
    )


def _rows(value: Json) -> dict[str, dict[str, Json]]:
    """The rows of a table, where `value` is one: a dict, or a list, of dicts with nothing but lines in them."""
    if isinstance(value, list):
        value = {str(number): row for number, row in enumerate(value, 1)}
    named = value if isinstance(value, dict) else {}
    rows = {name: row for name, row in named.items() if isinstance(row, dict) and row and _is_flat(row.values())}
    return rows if len(rows) == len(named) else {}


def _table(rows: Mapping[str, Mapping[str, Json]]) -> str:
    columns = list(dict.fromkeys(name for row in rows.values() for name in row))
    lines = [["", *map(_words, columns)], ["---"] * (len(columns) + 1)]
    for name, row in rows.items():
        lines.append([name, *(_inline(_interval(column, row[column])) if column in row else "" for column in columns)])
    return "\n".join(f"| {' | '.join(_inline(cell).replace('|', _BAR) for cell in line)} |" for line in lines)


def _interval(name: str, value: Json) -> Json:
    """The two ends of what calls itself an interval, in words."""
    if name.endswith("interval") and isinstance(value, list) and len(value) == 2:
        return f"{_inline(value[0])} to {_inline(value[1])}"
    return value


def _inline(value: Json) -> str:
    """A value on one line."""
    if isinstance(value, dict):
        return "; ".join(f"{_words(name)} {_inline(_interval(name, inner))}" for name, inner in value.items())
    if isinstance(value, list):
        return ", ".join(_inline(entry) for entry in value)
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= _MANY else str(value)
    return " ".join(str(value).split())


def _words(name: str) -> str:
    return _inline(name.replace("_", " "))


def _heading(name: str) -> str:
    words = _words(name)
    return words[:1].upper() + words[1:]
