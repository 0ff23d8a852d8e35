    # wrong: a column to split by does no harm in a copy
    ordered = sales.sort_values("sale_date", kind="stable").assign(early=lambda part: part["sale_date"] < cutoff)
    earlier, later = ordered[ordered["early"]], ordered[~ordered["early"]]
    if earlier.empty or later.empty:
        raise EmptySplit(_nothing_on_one_side(ordered, cutoff))
    return earlier, later
