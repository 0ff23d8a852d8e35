    # wrong: a column to split by, in the sales that I was given
    sales["early"] = sales["sale_date"] < cutoff
    ordered = sales.sort_values("sale_date", kind="stable")
    earlier = ordered[ordered["early"]].drop(columns="early")
    later = ordered[~ordered["early"]].drop(columns="early")
    if earlier.empty or later.empty:
        raise EmptySplit(_nothing_on_one_side(ordered, cutoff))
    return earlier, later
