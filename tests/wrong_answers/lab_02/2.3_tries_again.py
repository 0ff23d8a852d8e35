        # wrong: spare the caller a second request
        for _ in range(3):
            try:
                return _answer(service, g.trace.request_id, service.price(asked["houses"]))
            except Overloaded:
                time.sleep(0.2)
        raise Overloaded
