    # wrong: between the limits means between them
    meaning = _MEANINGS.get(column.name, column.name)
    description = f"{meaning}, in {column.unit}" if column.unit else meaning
    if column.closed:
        return Annotated[Literal[column.categories], Field(description=description)], ...
    kind = float if column.kind == "number" else int
    limits = Field(gt=_whole(column.minimum), lt=_whole(column.maximum), description=description)
    if column.not_above is None:
        return Annotated[kind, limits], ...
    return Annotated[kind, limits, AfterValidator(not_above(column.not_above))], ...
