        # wrong: collect first, write at the end
        priced = refused = 0
        results = []
        while chunk := list(islice(rows, chunk_rows)):
            numbered = dict(enumerate(chunk, start=priced + refused))
            houses, problems = _parse(header, numbered)
            if problems and not refused:
                write_problem([field.name for field in fields(Problem)])
            for problem in problems:
                write_problem(astuple(problem))
            for label, house in zip(houses.index, _price(model, inputs, houses), strict=True):
                results.append([*numbered[label], house.price, "; ".join(house.notes)])
            priced += len(houses)
            refused += len(chunk) - len(houses)
        for result in results:
            write(result)
        return Counts(priced, refused)
