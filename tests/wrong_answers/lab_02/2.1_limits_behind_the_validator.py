    # wrong: what stands in Annotated may stand there in any order
    meaning = _MEANINGS.get(column.name, column.name)
    description = f"{meaning}, in {column.unit}" if column.unit else meaning
    if column.closed:
        return Annotated[Literal[column.categories], Field(description=description)], ...
    kind = float if column.kind == "number" else int
    limits = Field(ge=_whole(column.minimum), le=_whole(column.maximum), description=description)
    if column.not_above is None:
        return Annotated[kind, limits], ...
    return Annotated[kind, AfterValidator(not_above(column.not_above)), limits], ...
