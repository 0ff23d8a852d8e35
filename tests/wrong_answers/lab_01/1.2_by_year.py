    # wrong: a cutoff is the beginning of a year
    ordered = sales.sort_values("sale_date", kind="stable")
    before = ordered["sale_date"].dt.year < cutoff.year
    earlier, later = ordered[before], ordered[~before]
    if earlier.empty or later.empty:
        raise EmptySplit(_nothing_on_one_side(ordered, cutoff))
    return earlier, later
