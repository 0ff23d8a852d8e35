    # wrong: before the cutoff, and after it
    ordered = sales.sort_values("sale_date", kind="stable")
    earlier = ordered[ordered["sale_date"] < cutoff]
    later = ordered[ordered["sale_date"] > cutoff]
    if earlier.empty or later.empty:
        raise EmptySplit(_nothing_on_one_side(ordered, cutoff))
    return earlier, later
