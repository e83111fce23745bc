"""A fitted model as a folder that anybody can read and nothing can run from: `save` it, `load` it.

::

    <folder>/model.json             all numbers but the arrays; the list of arrays; checksums; the card
    <folder>/weights.safetensors    the arrays
    <folder>/README.md              the card, for people; `load` does not read it

`folder` holds `load` and `save`, `formats` turns a model into these files and back, `manifest` and `arrays` check one
kind of file each, and `card` writes the page for people.
"""

from spoilerguard.persistence.card import card_markdown
from spoilerguard.persistence.folder import is_harmless, load, read_folder, save

__all__ = ["card_markdown", "is_harmless", "load", "read_folder", "save"]
