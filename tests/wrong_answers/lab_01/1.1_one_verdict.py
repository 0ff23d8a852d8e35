    # wrong: a column is right or wrong as a whole
    checks = []
    if column.categories is not None:
        checks.append(pa.Check(lambda own: own.isin(column.categories).all(), error=column.rule))
    if column.minimum is not None:
        checks.append(pa.Check(lambda own: own.min() >= _limit(column.minimum), error=column.rule))
    if column.maximum is not None:
        checks.append(pa.Check(lambda own: own.max() <= _limit(column.maximum), error=column.rule))
    if column.unique:
        checks.append(pa.Check(lambda own: own.is_unique, error="a value that no earlier row has"))
    if column.not_above is not None:
        other = values[column.not_above]
        checks.append(pa.Check(lambda own: (own <= other).all(), error=f"no more than the {column.not_above}"))
    return checks
