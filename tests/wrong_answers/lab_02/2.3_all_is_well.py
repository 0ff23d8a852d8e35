        # wrong: never let an exception out of a view
        try:
            return _answer(service, g.trace.request_id, service.price(asked["houses"]))
        except Exception as error:
            return problem(500, "Internal Server Error", str(error))
