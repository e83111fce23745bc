"""A fitted model as a folder that anybody can read and nothing can run from: `save` it, `load` it.

::

    <folder>/model.json     every number but the arrays, names and checksums of the rest, under a checksum of its own
    <folder>/weights.npz    the arrays
    <folder>/README.md      the model's card, readable

`folder` holds `load` and `save`; `formats` turns a model into a document and arrays and back; `archive` and `document`
hold the two kinds of file to their word; `disk` decides when a save counts; `card` writes the page for people.
"""

from spoilerguard.persistence.card import card_markdown
from spoilerguard.persistence.folder import load, save

__all__ = ["card_markdown", "load", "save"]
