    # wrong: any exception will do for an empty side
    ordered = sales.sort_values("sale_date", kind="stable")
    before = ordered["sale_date"] < cutoff
    earlier, later = ordered[before], ordered[~before]
    if earlier.empty or later.empty:
        raise ValueError("one side would have no sales")
    return earlier, later
