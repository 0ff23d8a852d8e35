        # wrong: nobody pays fractions of a cent
        priced = [Priced(round(each.price, 2), each.notes) for each in service.price(asked["houses"])]
        return _answer(service, g.trace.request_id, priced)
