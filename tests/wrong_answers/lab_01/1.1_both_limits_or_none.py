    # wrong: a range has two ends
    checks = []
    if column.categories is not None:
        checks.append(pa.Check.isin(column.categories, error=column.rule))
    if column.minimum is not None and column.maximum is not None:
        checks.append(pa.Check.in_range(_limit(column.minimum), _limit(column.maximum), error=column.rule))
    if column.unique:
        checks.append(pa.Check(lambda own: ~own.duplicated(), error="a value that no earlier row has"))
    if column.not_above is not None:
        other = values[column.not_above]
        rule = f"no more than the {column.not_above} of the same row"
        checks.append(pa.Check(lambda own: ~(own > other[own.index]).fillna(False), error=rule))
    return checks
