    # wrong: `groups` of a groupby gives the rows of each segment
    paid, predicted = _comparable(sales["sale_price"], predicted)
    rows = {}
    for name, where in sales.groupby(segment(sales), observed=True).groups.items():
        row: dict[str, Any] = {"sales": len(where), "small": len(where) < FEW_SALES}
        for metric, estimate in evaluate(paid[where], predicted[where], seed=seed, resamples=resamples).items():
            row |= {metric: estimate.value, f"{metric}_low": estimate.low, f"{metric}_high": estimate.high}
        rows[name] = row
    table = pd.DataFrame.from_dict(rows, orient="index")
    return table.astype({column: float for column in table.columns if column not in ("sales", "small")})
