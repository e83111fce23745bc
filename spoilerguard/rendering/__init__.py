"""Verdicts → what people see: a review with its spoilers hidden or highlighted."""

from spoilerguard.rendering.control_characters import visible
from spoilerguard.rendering.highlighting import to_html
from spoilerguard.rendering.redaction import redact_verdicts
from spoilerguard.rendering.styles import STYLES, Style
from spoilerguard.rendering.verdict_list import Verdicts

__all__ = ["STYLES", "Style", "Verdicts", "redact_verdicts", "to_html", "visible"]
