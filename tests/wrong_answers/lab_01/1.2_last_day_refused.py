    # wrong: the cutoff has to lie between the first and the last day
    ordered = sales.sort_values("sale_date", kind="stable")
    if not ordered["sale_date"].min() < cutoff < ordered["sale_date"].max():
        raise EmptySplit(_nothing_on_one_side(ordered, cutoff))
    before = ordered["sale_date"] < cutoff
    return ordered[before], ordered[~before]
