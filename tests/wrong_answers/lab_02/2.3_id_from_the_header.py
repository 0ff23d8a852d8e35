        # wrong: the id of a request is what its caller sent
        priced = service.price(asked["houses"])
        return _answer(service, request.headers.get("X-Request-ID", ""), priced)
