        # wrong: a list of prices is what was asked for
        priced = [Priced(each.price, ()) for each in service.price(asked["houses"])]
        return _answer(service, g.trace.request_id, priced)
