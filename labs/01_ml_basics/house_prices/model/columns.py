"""The columns of a sale, declared once: what each one means and which values it can have.

Reading checks against these declarations, the model's signature is made from them, and a page of help needs nothing
else.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["integer", "number", "date", "text", "category"]

LONGEST_TEXT = 64


@dataclass(frozen=True, slots=True)
class Column:
    """One declared column: what it means and which values a sale can have.

    The limits are rules of the domain, wider than what one file shows: a house of grade 3 is rare, not wrong.

    Attributes
    ----------
    name : as in the header of a file.
    kind : ``integer`` (int64), ``number`` (float64), ``date`` (datetime64, written YYYY-MM-DD), ``text`` (str) or
        ``category``: a word out of ``categories`` (str), or, without ``categories``, a code of an open set (int64), in
        which one never seen before is news and not an error.
    unit : of the value; empty where there is none.
    meaning : one line for people.
    minimum, maximum : smallest and largest value allowed, both included; None where nothing bounds it. Dates as
        YYYY-MM-DD, and ``"today"`` as the maximum for what cannot lie in the future.
    categories : the words allowed, for a closed ``category``.
    unique : no two rows may share a value.
    not_above : name of a column whose value, in the same row, this one cannot exceed.
    """

    name: str
    kind: Kind
    unit: str
    meaning: str
    minimum: float | str | None = None
    maximum: float | str | None = None
    categories: tuple[str, ...] | None = None
    unique: bool = False
    not_above: str | None = None

    @property
    def dtype(self) -> str:
        """The pandas dtype of the parsed column."""
        if self.kind == "text" or self.categories is not None:
            return "object"
        return {"number": "float64", "date": "datetime64[ns]"}.get(self.kind, "int64")

    @property
    def rule(self) -> str:
        """What a single value must be, as it reads after "wanted"."""
        if self.categories is not None:
            return "one of " + ", ".join(self.categories)
        if self.kind == "text":
            return f"1 to {LONGEST_TEXT} printable characters"
        noun = {"date": "a date YYYY-MM-DD", "number": "a number"}.get(self.kind, "a whole number")
        if self.minimum is not None:
            noun += f" from {_spelt(self.minimum)}"
        if self.maximum is not None:
            noun += f" to {_spelt(self.maximum)}"
        return f"{noun} ({self.unit})" if self.unit else noun


SALE_COLUMNS: tuple[Column, ...] = (
    Column("pinx", "text", "", "the property: two dots and the county's 10-digit parcel number"),
    Column("sale_id", "text", "", "the sale: its year, two dots and a number within the year", unique=True),
    Column("sale_price", "integer", "dollars", "what was paid", 1, 99_999_999),
    Column("sale_date", "date", "", "day of the sale", "1990-01-01", "today"),
    Column("use_type", "category", "", "single-family residence or townhouse", categories=("sfr", "townhouse")),
    Column("area", "category", "", "the assessor's area, a code", 1, 999),
    Column("lot_sf", "integer", "square feet", "size of the lot", 100, 10_000_000),
    Column("wfnt", "integer", "", "on the waterfront: 1, else 0", 0, 1),
    Column("bldg_grade", "integer", "", "quality of the building as the assessor grades it", 1, 13),
    Column("tot_sf", "integer", "square feet", "living area", 100, 50_000),
    Column("beds", "integer", "rooms", "bedrooms", 0, 30),
    Column("baths", "number", "rooms", "bathrooms, in quarters", 0, 30),
    Column("age", "integer", "years", "from construction to the sale", 0, 200),
    Column("eff_age", "integer", "years", "from the last big renovation to the sale", 0, 200, not_above="age"),
    Column("longitude", "number", "degrees", "east is positive", -122.6, -121.0),
    Column("latitude", "number", "degrees", "north is positive", 47.0, 47.8),
)
"""A sale, column by column, in the order of the file."""

HOUSE_COLUMNS: tuple[Column, ...] = tuple(
    column for column in SALE_COLUMNS if column.name not in {"pinx", "sale_id", "sale_price", "sale_date"}
)
"""The part of a sale that describes the house: all that a model may be asked about."""


def _spelt(declared: float | str) -> str:
    return declared if isinstance(declared, str) else f"{declared:,}"
