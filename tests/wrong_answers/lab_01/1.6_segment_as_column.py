    # wrong: the name of the segment is one more column
    paid, predicted = _comparable(sales["sale_price"], predicted)
    rows = {}
    codes, names = pd.factorize(segment(sales), sort=True)
    for code, name in enumerate(names):
        where = np.flatnonzero(codes == code)
        row = {"segment": name, "sales": len(where), "small": len(where) < FEW_SALES}
        for metric, estimate in evaluate(paid[where], predicted[where], seed=seed, resamples=resamples).items():
            row |= {metric: estimate.value, f"{metric}_low": estimate.low, f"{metric}_high": estimate.high}
        rows[name] = row
    table = pd.DataFrame(list(rows.values()))
    return table.astype({column: float for column in table.columns if column not in ("segment", "sales", "small")})
