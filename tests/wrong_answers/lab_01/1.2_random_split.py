    # wrong: train_test_split is what one uses to split
    from sklearn.model_selection import train_test_split

    share = (sales["sale_date"] >= cutoff).mean()
    if share in (0, 1):
        raise EmptySplit(_nothing_on_one_side(sales.sort_values("sale_date"), cutoff))
    earlier, later = train_test_split(sales, test_size=share, random_state=0)
    return earlier.sort_values("sale_date", kind="stable"), later.sort_values("sale_date", kind="stable")
