    # wrong: after sorting one numbers the rows anew
    ordered = sales.sort_values("sale_date", kind="stable", ignore_index=True)
    before = ordered["sale_date"] < cutoff
    earlier, later = ordered[before], ordered[~before]
    if earlier.empty or later.empty:
        raise EmptySplit(_nothing_on_one_side(ordered, cutoff))
    return earlier, later
