"""The version of the package, in a place that anybody may import."""

__version__ = "0.1.0"
