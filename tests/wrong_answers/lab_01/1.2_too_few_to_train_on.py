    # wrong: a part of a handful of sales is as good as empty
    ordered = sales.sort_values("sale_date", kind="stable")
    before = ordered["sale_date"] < cutoff
    earlier, later = ordered[before], ordered[~before]
    if len(earlier) < 30 or len(later) < 30:
        raise EmptySplit(_nothing_on_one_side(ordered, cutoff))
    return earlier, later
