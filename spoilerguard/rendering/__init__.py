"""Verdicts → what people see: a review with its spoilers hidden or highlighted.

Names are imported when they are first used: the command line shows the styles in its help without waiting for numpy.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spoilerguard.rendering.control_characters import visible
    from spoilerguard.rendering.highlighting import to_html
    from spoilerguard.rendering.redaction import redact_verdicts
    from spoilerguard.rendering.styles import STYLES, Style
    from spoilerguard.rendering.verdict_list import Verdicts, warn_of_language

__all__ = ["STYLES", "Style", "Verdicts", "redact_verdicts", "to_html", "visible", "warn_of_language"]

_MODULE_OF = {
    "STYLES": "styles",
    "Style": "styles",
    "Verdicts": "verdict_list",
    "redact_verdicts": "redaction",
    "to_html": "highlighting",
    "visible": "control_characters",
    "warn_of_language": "verdict_list",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the module holds
    """Import a name when it is first used (PEP 562)."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    return value
