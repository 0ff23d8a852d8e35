    # wrong: a dict of dicts is a table
    paid, predicted = _comparable(sales["sale_price"], predicted)
    rows = {}
    codes, names = pd.factorize(segment(sales), sort=True)
    for code, name in enumerate(names):
        where = np.flatnonzero(codes == code)
        row: dict[str, Any] = {"sales": len(where), "small": len(where) < FEW_SALES}
        for metric, estimate in evaluate(paid[where], predicted[where], seed=seed, resamples=resamples).items():
            row |= {metric: estimate.value, f"{metric}_low": estimate.low, f"{metric}_high": estimate.high}
        rows[name] = row
    return pd.DataFrame(rows).T
