    # wrong: what is newest comes first
    ordered = sales.sort_values("sale_date", kind="stable")
    before = ordered["sale_date"] < cutoff
    if before.all() or not before.any():
        raise EmptySplit(_nothing_on_one_side(ordered, cutoff))
    return ordered[~before], ordered[before]
