    # wrong: the later part begins at the first sale of the cutoff day
    ordered = sales.sort_values("sale_date", kind="stable")
    if ordered.empty or cutoff <= ordered["sale_date"].iloc[0] or cutoff > ordered["sale_date"].iloc[-1]:
        raise EmptySplit(_nothing_on_one_side(ordered, cutoff))
    begin = list(ordered["sale_date"]).index(cutoff)
    return ordered.iloc[:begin], ordered.iloc[begin:]
