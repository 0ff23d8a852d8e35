    # wrong: a validator can check anything
    meaning = _MEANINGS.get(column.name, column.name)
    description = f"{meaning}, in {column.unit}" if column.unit else meaning

    def within(value):
        if column.closed and value not in column.categories:
            raise ValueError(f"must be one of {column.categories}")
        if not column.closed and not column.minimum <= value <= column.maximum:
            raise ValueError(f"must be from {column.minimum} to {column.maximum}")
        return value

    kind = str if column.closed else float if column.kind == "number" else int
    rules = [AfterValidator(within)]
    if column.not_above:
        rules.append(AfterValidator(not_above(column.not_above)))
    return Annotated[(kind, Field(description=description), *rules)], ...
