"""A model's card as a page for people: what `card_` holds, in its own order, and what the model itself knows.

The page is made from the model and never read back: it may be edited, replaced or removed.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from spoilerguard.errors import ModelFormatError
from spoilerguard.persistence.formats import parameters_of, vectorizer_parameters_of, versions
from spoilerguard.persistence.manifest import Fault, Json, plain_object

if TYPE_CHECKING:
    from spoilerguard.model import SpoilerClassifier

__all__ = ["card_markdown"]

_TOP = 2  # level of the headings of a card's own keys
_ESCAPED_BAR = "\\|"  # inside a table
_MANY = 10_000  # from here on, thousands are set apart: 2026 may be a year


def card_markdown(model: "SpoilerClassifier") -> str:
    """The card of a fitted model, in Markdown.

    Parameters
    ----------
    model : SpoilerClassifier
        Its `card_` may hold anything that JSON can: a text becomes a paragraph, a dict or a list becomes bullets, and
        a table where its entries are dicts of plain values. The key "name" becomes the title.

    Returns
    -------
    str

    Raises
    ------
    ModelFormatError
        Where the card holds what JSON cannot.

    Examples
    --------
    >>> from spoilerguard import SpoilerClassifier
    >>> model = SpoilerClassifier().fit(["He dies at the end.", "Great music."], [1, 0])
    >>> card = {"name": "Two sentences", "metrics": {"alone": {"auc": 0.5, "interval": (0.4, 0.6)}}}
    >>> print(card_markdown(model.attach(card=card))[:116])
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
    points: dict[str, Mapping[str, Any]] = {str(at): named for at, named in model.operating_points_.items()}
    if model.severity_ is not None:
        points |= {f"{at}, major": named for at, named in model.severity_.operating_points.items()}
    points |= {f"whole review, {level}": stage.operating_points for level, stage in model.review_stages_.items()}
    try:
        card = plain_object(model.card_, "card")
        title = card.pop("name", "A spoilerguard model")
        own = {
            "operating points": {
                f"{name}, {at}": asdict(one) for at, named in points.items() for name, one in named.items()
            },
            "parameters": {
                **parameters_of(model),
                "vectorizer": vectorizer_parameters_of(model),
                "classes": model.classes_,
            },
            "saved with": versions(),
        }
        known: Json = {name: value for name, value in plain_object(own, "the model").items() if value}
    except Fault as fault:
        raise ModelFormatError(f"This card cannot be written: {fault}") from None
    return "\n\n".join([f"# {_inline(title)}", *_section(card, _TOP), *_section(known, _TOP)]) + "\n"


def _section(value: Json, level: int) -> Iterator[str]:
    """A paragraph, bullets or a table where they can hold the value; headings where they cannot."""
    if level > _TOP and (rows := _rows(value)):
        yield _table(rows)
    elif isinstance(value, dict) and level > _TOP and all(map(_fits_on_a_line, value.values())):
        yield "\n".join(f"- {_words(name)}: {_inline(_interval(name, inner))}" for name, inner in value.items())
    elif isinstance(value, dict):
        for name, inner in value.items():
            heading = _words(name)
            yield f"{'#' * min(level, 6)} {heading[:1].upper()}{heading[1:]}"
            yield from _section(inner, level + 1)
    elif isinstance(value, list):
        yield "\n".join(f"- {_inline(entry)}" for entry in value)
    else:
        yield value.strip() if isinstance(value, str) else _inline(value)


def _fits_on_a_line(value: Json) -> bool:
    """Whether a value is a scalar, a list of scalars, or a dict of these."""
    return _is_flat(value.values() if isinstance(value, dict) else [value])


def _is_flat(values: Iterable[Json]) -> bool:
    """Whether each value is a scalar or a list of scalars."""
    listed = (value if isinstance(value, list) else [value] for value in values)
    return not any(isinstance(entry, dict | list) for entries in listed for entry in entries)


def _rows(value: Json) -> dict[str, dict[str, Json]]:
    """The rows of a table, where `value` is one: a dict, or a list, of dicts that fit on a line each."""
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
    return "\n".join(f"| {' | '.join(_inline(cell).replace('|', _ESCAPED_BAR) for cell in line)} |" for line in lines)


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
        return ", ".join(map(_inline, value))
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= _MANY else str(value)
    return " ".join(value.split())


def _words(name: str) -> str:
    return _inline(name.replace("_", " "))
