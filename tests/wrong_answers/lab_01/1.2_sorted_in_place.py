    # wrong: saves a copy
    sales.sort_values("sale_date", kind="stable", inplace=True)
    before = sales["sale_date"] < cutoff
    earlier, later = sales[before], sales[~before]
    if earlier.empty or later.empty:
        raise EmptySplit(_nothing_on_one_side(sales, cutoff))
    return earlier, later
