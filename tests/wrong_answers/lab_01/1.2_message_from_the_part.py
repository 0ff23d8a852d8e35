    # wrong: the message speaks of the part that is empty
    ordered = sales.sort_values("sale_date", kind="stable")
    before = ordered["sale_date"] < cutoff
    earlier, later = ordered[before], ordered[~before]
    for part in (earlier, later):
        if part.empty:
            raise EmptySplit(_nothing_on_one_side(part, cutoff))
    return earlier, later
