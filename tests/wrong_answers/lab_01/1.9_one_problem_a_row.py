        # wrong: a row is refused once
        priced = refused = 0
        while chunk := list(islice(rows, chunk_rows)):
            numbered = dict(enumerate(chunk, start=priced + refused))
            houses, problems = _parse(header, numbered)
            if problems and not refused:
                write_problem([field.name for field in fields(Problem)])
            for problem in {problem.row: problem for problem in problems}.values():
                write_problem(astuple(problem))
            for label, house in zip(houses.index, _price(model, inputs, houses), strict=True):
                write([*numbered[label], house.price, "; ".join(house.notes)])
            priced += len(houses)
            refused += len(chunk) - len(houses)
        return Counts(priced, refused)
