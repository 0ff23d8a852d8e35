        # wrong: load the model where it is needed
        from house_prices.serving.service import load_service
        from house_prices.serving.settings import read_settings

        fresh = load_service(read_settings())
        try:
            return _answer(fresh, g.trace.request_id, fresh.price(asked["houses"]))
        finally:
            fresh.batcher.close()
