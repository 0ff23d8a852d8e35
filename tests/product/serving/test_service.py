"""A loaded model behind its queue, as the settings ask for it."""

import threading
from pathlib import Path

import pytest

from house_prices.model.model_file import KnownModels, RefusedModel
from house_prices.serving.batching import Overloaded
from house_prices.serving.predictor import Predictor
from house_prices.serving.service import load_service
from house_prices.serving.settings import Settings
from tests.product.serving.making import HOUSE, Made, serve


def test_a_digest_is_trusted_instead_of_the_record(made: Made, tmp_path: Path) -> None:
    service = load_service(Settings(model=made.folder, model_digest=made.digest, known_models=tmp_path / "none"))
    assert (service.digest, service.manifest.name) == (made.digest, "house-prices")
    service.batcher.close()


def test_without_a_digest_the_record_is_asked(made: Made, tmp_path: Path) -> None:
    settings = Settings(model=made.folder, known_models=tmp_path / "known.json")
    with pytest.raises(RefusedModel, match="nobody has vouched for this model"):
        load_service(settings)
    KnownModels(settings.known_models).add(made.digest, "made for a test")
    load_service(settings).batcher.close()


def test_another_digest_is_refused_even_if_the_record_knows_the_model(made: Made, tmp_path: Path) -> None:
    KnownModels(tmp_path / "known.json").add(made.digest, "made for a test")
    with pytest.raises(RefusedModel, match="nobody has vouched for this model"):
        load_service(Settings(model=made.folder, model_digest="ab" * 32, known_models=tmp_path / "known.json"))


def test_the_queue_has_the_size_that_the_settings_ask_for(made: Made) -> None:
    service = load_service(Settings(model=made.folder, model_digest=made.digest, queue_rows=1_000, batch_rows=10))
    assert len(service.price([HOUSE] * 1_000)) == 1_000
    with pytest.raises(Overloaded):
        service.price([HOUSE] * 1_001)
    service.batcher.close()


def test_many_callers_each_get_the_prices_of_their_own_houses(predictor: Predictor) -> None:
    service = serve(predictor)
    asked = [[{**HOUSE, "tot_sf": 500 + 10 * number + row} for row in range(1 + number % 4)] for number in range(60)]
    alone = [predictor.predict(predictor.encode(houses).matrix).tolist() for houses in asked]
    got: dict[int, list[float]] = {}

    def ask(number: int) -> None:
        got[number] = [each.price for each in service.price(asked[number])]

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(len(asked))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    service.batcher.close()
    assert [got[number] for number in range(len(asked))] == alone
