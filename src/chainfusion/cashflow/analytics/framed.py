"""Results that show themselves: as a polars frame, as pandas where it is installed, as a table in a notebook."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from html import escape
from typing import Any

import polars as pl


class Framed(ABC):
    """A result with a frame."""

    __slots__ = ()

    @abstractmethod
    def frame(self) -> pl.DataFrame:
        """The result, a row for each thing it tells of."""

    def pandas(self) -> Any:
        """The same as a pandas DataFrame. Raises: ImportError where pandas is not installed."""
        return importlib.import_module("pandas").DataFrame(self.frame().to_dict(as_series=False))

    def _repr_html_(self) -> str:
        return f"<p>{escape(type(self).__name__)}</p>{self.frame()._repr_html_()}"
