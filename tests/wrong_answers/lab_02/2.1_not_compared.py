    # wrong: a field has a type and limits
    meaning = _MEANINGS.get(column.name, column.name)
    description = f"{meaning}, in {column.unit}" if column.unit else meaning
    if column.closed:
        return Annotated[Literal[column.categories], Field(description=description)], ...
    kind = float if column.kind == "number" else int
    return Annotated[kind, Field(ge=_whole(column.minimum), le=_whole(column.maximum), description=description)], ...
