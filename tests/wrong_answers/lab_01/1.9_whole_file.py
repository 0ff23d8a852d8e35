        # wrong: read the rows, then price them
        numbered = dict(enumerate(rows))
        houses, problems = _parse(header, numbered)
        if problems:
            write_problem([field.name for field in fields(Problem)])
        for problem in problems:
            write_problem(astuple(problem))
        for label, house in zip(houses.index, _price(model, inputs, houses), strict=True):
            write([*numbered[label], house.price, "; ".join(house.notes)])
        return Counts(len(houses), len(numbered) - len(houses))
