    # wrong: there is one pair of fields that are compared
    meaning = _MEANINGS.get(column.name, column.name)
    description = f"{meaning}, in {column.unit}" if column.unit else meaning
    if column.closed:
        return Annotated[Literal[column.categories], Field(description=description)], ...
    kind = float if column.kind == "number" else int
    limits = Field(ge=_whole(column.minimum), le=_whole(column.maximum), description=description)
    if column.name != "eff_age":
        return Annotated[kind, limits], ...
    return Annotated[kind, limits, AfterValidator(not_above("age"))], ...
