    # wrong: too small is what goes wrong, and if there is a minimum that is the rule
    if column.categories is not None:
        return [pa.Check.isin(column.categories, error=column.rule)]
    if column.minimum is not None:
        return [pa.Check.ge(_limit(column.minimum), error=column.rule)]
    if column.unique:
        return [pa.Check(lambda own: ~own.duplicated(), error="a value that no earlier row has")]
    return []
