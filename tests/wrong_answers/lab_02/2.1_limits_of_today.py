    # wrong: the columns are declared in columns.py, limits included
    declared = next(each for each in HOUSE_COLUMNS if each.name == column.name)
    description = f"{declared.meaning}, in {column.unit}" if column.unit else declared.meaning
    if declared.categories:
        return Annotated[Literal[declared.categories], Field(description=description)], ...
    kind = float if column.kind == "number" else int
    limits = Field(ge=declared.minimum, le=declared.maximum, description=description)
    if column.not_above is None:
        return Annotated[kind, limits], ...
    return Annotated[kind, limits, AfterValidator(not_above(column.not_above))], ...
