        # wrong: make up an id for the request
        from uuid import uuid4

        return _answer(service, str(uuid4()), service.price(asked["houses"]))
