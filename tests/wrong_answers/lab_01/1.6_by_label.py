    # wrong: the prediction with the same index is the sale's
    predicted = pd.Series(np.asarray(predicted), index=sorted(sales.index))
    rows = {}
    for name, some in sales.groupby(segment(sales), observed=True):
        row = {"sales": len(some), "small": len(some) < FEW_SALES}
        for metric, estimate in evaluate(some["sale_price"], predicted[some.index], seed=seed, resamples=resamples).items():
            row |= {metric: estimate.value, f"{metric}_low": estimate.low, f"{metric}_high": estimate.high}
        rows[name] = row
    table = pd.DataFrame.from_dict(rows, orient="index")
    return table.astype({column: float for column in table.columns if column not in ("sales", "small")})
