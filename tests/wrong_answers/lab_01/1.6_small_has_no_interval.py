    # wrong: small is what gets no interval
    paid, predicted = _comparable(sales["sale_price"], predicted)
    rows = {}
    codes, names = pd.factorize(segment(sales), sort=True)
    for code, name in enumerate(names):
        where = np.flatnonzero(codes == code)
        row: dict[str, Any] = {"sales": len(where), "small": False}
        for metric, estimate in evaluate(paid[where], predicted[where], seed=seed, resamples=resamples).items():
            row |= {metric: estimate.value, f"{metric}_low": estimate.low, f"{metric}_high": estimate.high}
        row["small"] = row["median_absolute_percentage_error_low"] is None
        rows[name] = row
    table = pd.DataFrame.from_dict(rows, orient="index")
    return table.astype({column: float for column in table.columns if column not in ("sales", "small")})
