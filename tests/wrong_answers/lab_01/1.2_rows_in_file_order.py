    # wrong: the file is in date order, so the last rows are the latest
    rows = int((sales["sale_date"] < cutoff).sum())
    if rows in (0, len(sales)):
        raise EmptySplit(_nothing_on_one_side(sales.sort_values("sale_date"), cutoff))
    return sales.iloc[:rows], sales.iloc[rows:]
