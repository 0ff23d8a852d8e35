        # wrong: bad rows are left out
        priced = refused = 0
        while chunk := list(islice(rows, chunk_rows)):
            numbered = dict(enumerate(chunk, start=priced + refused))
            houses, _ = _parse(header, numbered)
            for label, house in zip(houses.index, _price(model, inputs, houses), strict=True):
                write([*numbered[label], house.price, "; ".join(house.notes)])
            priced += len(houses)
            refused += len(chunk) - len(houses)
        return Counts(priced, refused)
