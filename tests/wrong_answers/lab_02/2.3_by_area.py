        # wrong: group the houses by area first
        houses = sorted(asked["houses"], key=lambda house: house["area"])
        return _answer(service, g.trace.request_id, service.price(houses))
