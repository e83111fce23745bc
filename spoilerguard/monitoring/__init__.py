"""Does what comes in now look like what a model was trained on?"""

from spoilerguard.monitoring.comparing import drift
from spoilerguard.monitoring.report import Deviation, DriftReport

__all__ = ["Deviation", "DriftReport", "drift"]
