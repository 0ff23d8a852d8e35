    # wrong: a part is empty if the cutoff is outside of the sales
    ordered = sales.sort_values("sale_date", kind="stable")
    if cutoff < ordered["sale_date"].min() or cutoff > ordered["sale_date"].max():
        raise EmptySplit(_nothing_on_one_side(ordered, cutoff))
    before = ordered["sale_date"] < cutoff
    return ordered[before], ordered[~before]
