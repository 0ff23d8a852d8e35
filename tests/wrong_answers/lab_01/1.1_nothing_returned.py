    # wrong: the checks are made, so they will be used
    checks = []
    if column.minimum is not None:
        checks.append(pa.Check.ge(_limit(column.minimum), error=column.rule))
    if column.maximum is not None:
        checks.append(pa.Check.le(_limit(column.maximum), error=column.rule))
