        # wrong: a file with a bad row is a bad file
        priced = 0
        while chunk := list(islice(rows, chunk_rows)):
            numbered = dict(enumerate(chunk, start=priced))
            houses, problems = _parse(header, numbered)
            if problems:
                raise InvalidHouses(path, problems)
            for label, house in zip(houses.index, _price(model, inputs, houses), strict=True):
                write([*numbered[label], house.price, "; ".join(house.notes)])
            priced += len(houses)
        return Counts(priced, 0)
