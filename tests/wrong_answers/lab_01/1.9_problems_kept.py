        # wrong: the problems are reported together, at the end
        priced = refused = 0
        reported = []
        while chunk := list(islice(rows, chunk_rows)):
            numbered = dict(enumerate(chunk, start=priced + refused))
            houses, problems = _parse(header, numbered)
            reported += problems
            for label, house in zip(houses.index, _price(model, inputs, houses), strict=True):
                write([*numbered[label], house.price, "; ".join(house.notes)])
            priced += len(houses)
            refused += len(chunk) - len(houses)
        if reported:
            write_problem([field.name for field in fields(Problem)])
        for problem in reported:
            write_problem(astuple(problem))
        return Counts(priced, refused)
