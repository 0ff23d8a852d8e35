        # wrong: a house has one note at most
        priced = refused = 0
        while chunk := list(islice(rows, chunk_rows)):
            numbered = dict(enumerate(chunk, start=priced + refused))
            houses, problems = _parse(header, numbered)
            if problems and not refused:
                write_problem([field.name for field in fields(Problem)])
            for problem in problems:
                write_problem(astuple(problem))
            for label, house in zip(houses.index, _price(model, inputs, houses), strict=True):
                write([*numbered[label], house.price, house.notes[0] if house.notes else ""])
            priced += len(houses)
            refused += len(chunk) - len(houses)
        return Counts(priced, refused)
