        # wrong: a problem is a refused row
        priced = refused = seen = 0
        while chunk := list(islice(rows, chunk_rows)):
            numbered = dict(enumerate(chunk, start=seen))
            houses, problems = _parse(header, numbered)
            if problems and not refused:
                write_problem([field.name for field in fields(Problem)])
            for problem in problems:
                write_problem(astuple(problem))
            for label, house in zip(houses.index, _price(model, inputs, houses), strict=True):
                write([*numbered[label], house.price, "; ".join(house.notes)])
            seen += len(chunk)
            priced += len(houses)
            refused += len(problems)
        return Counts(priced, refused)
