        # wrong: a chunk with a problem goes to the problems
        priced = refused = 0
        while chunk := list(islice(rows, chunk_rows)):
            numbered = dict(enumerate(chunk, start=priced + refused))
            houses, problems = _parse(header, numbered)
            if problems:
                if not refused:
                    write_problem([field.name for field in fields(Problem)])
                for problem in problems:
                    write_problem(astuple(problem))
                refused += len(chunk)
                continue
            for label, house in zip(houses.index, _price(model, inputs, houses), strict=True):
                write([*numbered[label], house.price, "; ".join(house.notes)])
            priced += len(chunk)
        return Counts(priced, refused)
