    # wrong: a column declares one rule
    if column.categories is not None:
        return [pa.Check.isin(column.categories, error=column.rule)]
    elif column.unique:
        return [pa.Check(lambda own: ~own.duplicated(), error="a value that no earlier row has")]
    elif column.not_above is not None:
        other = values[column.not_above]
        rule = f"no more than the {column.not_above} of the same row"
        return [pa.Check(lambda own: ~(own > other[own.index]).fillna(False), error=rule)]
    elif column.minimum is not None:
        least, most = _limit(column.minimum), _limit(column.maximum)
        return [pa.Check.ge(least, error=column.rule), pa.Check.le(most, error=column.rule)]
    return []
