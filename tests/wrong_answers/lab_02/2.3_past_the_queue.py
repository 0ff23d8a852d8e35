        # wrong: ask the model itself, that is one step less
        encoded = service._predictor.encode(asked["houses"])
        prices = service._predictor.predict(encoded.matrix).tolist()
        priced = [Priced(price, notes) for price, notes in zip(prices, encoded.notes)]
        return _answer(service, g.trace.request_id, priced)
