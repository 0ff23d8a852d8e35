"""What may be asked and what is answered, as pydantic models that are made from the model's own manifest.

The limits, units and categories of a request are those that the model was trained under. They are stated once, in its
manifest, so that a new model brings its contract along and the two cannot drift apart.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, create_model

from house_prices.model.columns import HOUSE_COLUMNS
from house_prices.model.manifest import Input, Manifest
from house_prices.serving.settings import LARGEST_REQUEST


class PricedHouse(BaseModel):
    """The answer for one house."""

    price: Annotated[float, Field(description="in dollars, as of the last sale that the model knows")]
    notes: Annotated[list[str], Field(description="what of this house is new to the model; mostly nothing")]


class Answer(BaseModel):
    """The answer to a request: a price for each house, in their order."""

    model: Annotated[str, Field(description="name of the model")]
    version: Annotated[str, Field(description="the last month whose sales it knows")]
    request_id: Annotated[str, Field(description="the X-Request-ID of the request, or one that was made up")]
    predictions: list[PricedHouse]


class Contract:
    """The request model of a served model.

    Parameters
    ----------
    manifest : the model's.

    Attributes
    ----------
    House : pydantic model of one house, a field for each input of the model.
    Request : pydantic model of a request: ``houses``, a list of 1 to 1,000 of them.
    """

    def __init__(self, manifest: Manifest) -> None:
        fields: Any = {column.name: field_of(column) for column in _dependent_last(manifest.inputs)}
        self.House: type[BaseModel] = create_model("House", __config__=_STRICT, __doc__="A house.", **fields)
        house = self.House
        houses: Any = Annotated[list[house], Field(min_length=1, max_length=LARGEST_REQUEST)]  # type: ignore[valid-type]
        self.Request: type[BaseModel] = create_model(
            "Request", __config__=_STRICT, __doc__="Houses to price.", houses=(houses, ...)
        )


_STRICT = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)
_MEANINGS = {column.name: column.meaning for column in HOUSE_COLUMNS}


def field_of(column: Input) -> Any:
    """Return the field of a request for one input of the model, as ``create_model`` takes it.

    ============================  =====================================================================
    the input                     the field
    ============================  =====================================================================
    closed category               one of its ``categories``, as written
    open category                 a whole number within its limits: one not seen in training is welcome
    ``integer``, ``number``       a whole number, a number, within its limits (both included)
    ``not_above``                 besides: not above the value of that field
    ============================  =====================================================================

    The ``categories`` are those that training has seen. Where it saw no ``townhouse``, a model knows nothing of any,
    and to ask for one is an error.

    Every field is required, and says in its description what it means and in which unit.

    Parameters
    ----------
    column : from the manifest.
    """
    # TASK 2.1: turn the manifest into a contract
    meaning = _MEANINGS.get(column.name, column.name)
    description = f"{meaning}, in {column.unit}" if column.unit else meaning
    if column.closed:
        return Annotated[Literal[column.categories], Field(description=description)], ...
    kind = float if column.kind == "number" else int
    limits = Field(ge=_whole(column.minimum), le=_whole(column.maximum), description=description)
    if column.not_above is None:
        return Annotated[kind, limits], ...
    return Annotated[kind, limits, AfterValidator(not_above(column.not_above))], ...
    # END TASK 2.1


class not_above:
    """A validator: the value is not above that of another field, which has been validated before."""

    def __init__(self, other: str) -> None:
        self.other = other

    def __call__(self: Self, value: float, info: ValidationInfo) -> float:
        """Return the value, or raise what pydantic reports; nothing is said where the other field is itself wrong."""
        limit = info.data.get(self.other)
        if limit is not None and value > limit:
            raise ValueError(f"must not be above {self.other}, which is {limit:,}")
        return value


def _whole(limit: float | None) -> float | int | None:
    """Spell limits as people write them: 100, not 100.0."""
    return int(limit) if limit is not None and limit == int(limit) else limit


def _dependent_last(inputs: tuple[Input, ...]) -> list[Input]:
    """Order the inputs such that what one is compared with comes before it, as pydantic needs it."""
    return sorted(inputs, key=lambda column: column.not_above is not None)
