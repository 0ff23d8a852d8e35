    # wrong: the newest fifth of the sales is the evaluation set
    ordered = sales.sort_values("sale_date", kind="stable")
    where = int(len(ordered) * 0.8)
    return ordered.iloc[:where], ordered.iloc[where:]
