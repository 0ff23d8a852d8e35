    # wrong: nobody asks for an empty part
    ordered = sales.sort_values("sale_date", kind="stable")
    before = ordered["sale_date"] < cutoff
    return ordered[before], ordered[~before]
