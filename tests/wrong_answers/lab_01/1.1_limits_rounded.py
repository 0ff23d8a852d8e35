    # wrong: limits are whole numbers, and rounding outwards is on the safe side
    checks = []
    if column.categories is not None:
        checks.append(pa.Check.isin(column.categories, error=column.rule))
    if column.minimum is not None:
        least = _limit(column.minimum)
        checks.append(pa.Check.ge(least if column.kind == "date" else int(least // 1), error=column.rule))
    if column.maximum is not None:
        most = _limit(column.maximum)
        checks.append(pa.Check.le(most if column.kind == "date" else -int(-most // 1), error=column.rule))
    if column.unique:
        checks.append(pa.Check(lambda own: ~own.duplicated(), error="a value that no earlier row has"))
    if column.not_above is not None:
        other = values[column.not_above]
        rule = f"no more than the {column.not_above} of the same row"
        checks.append(pa.Check(lambda own: ~(own > other[own.index]).fillna(False), error=rule))
    return checks
