    # wrong: the message is about the sales
    ordered = sales.sort_values("sale_date", kind="stable")
    before = ordered["sale_date"] < cutoff
    earlier, later = ordered[before], ordered[~before]
    if earlier.empty or later.empty:
        raise EmptySplit(_nothing_on_one_side(sales, cutoff))
    return earlier, later
