"""A model that is loaded, its contract, and the queue in front of it: what the answers of all protocols come from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from house_prices.model.manifest import Manifest
from house_prices.model.model_file import KnownModels, load_model
from house_prices.serving.batching import Batcher
from house_prices.serving.contract import Contract
from house_prices.serving.predictor import House, Predictor

if TYPE_CHECKING:
    from house_prices.serving.settings import Settings


@dataclass(frozen=True, slots=True)
class Priced:
    """A price in dollars, and what of the house is new to the model."""

    price: float
    notes: tuple[str, ...]


class Service:
    """What every protocol asks.

    Parameters
    ----------
    predictor : a loaded model.
    batcher : the queue in front of its ``predict``.
    """

    def __init__(self, predictor: Predictor, batcher: Batcher) -> None:
        self._predictor, self.batcher = predictor, batcher
        self.contract = Contract(predictor.manifest)

    @property
    def manifest(self) -> Manifest:
        return self._predictor.manifest

    @property
    def digest(self) -> str:
        """The SHA-256 by which the model is trusted."""
        return self._predictor.digest

    def price(self, houses: Sequence[House]) -> list[Priced]:
        """Price houses that the contract has let through.

        Raises
        ------
        Overloaded : too many wait.
        """
        encoded = self._predictor.encode(houses)
        prices = self.batcher.predict(encoded.matrix)
        return [Priced(price, notes) for price, notes in zip(prices.tolist(), encoded.notes, strict=True)]


def load_service(settings: "Settings") -> Service:
    """Load the model that the settings name, if it is trusted, and put a queue in front of it.

    Raises
    ------
    RefusedModel : see `house_prices.model.model_file.load_model`.
    """
    trusted = {settings.model_digest} if settings.model_digest else KnownModels(settings.known_models).digests()
    predictor = Predictor(load_model(settings.model, trusted))
    batcher = Batcher(
        predictor.predict,
        max_rows=settings.batch_rows,
        max_wait=settings.batch_wait_ms / 1_000,
        queue_rows=settings.queue_rows,
    )
    return Service(predictor, batcher)
