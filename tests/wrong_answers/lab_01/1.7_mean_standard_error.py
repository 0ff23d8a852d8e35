    # wrong: the mean standard error is steadier
    limit = curve.mean_later.min() + curve.standard_error_later.mean()
    for value, error in zip(curve.values, curve.mean_later):
        if error <= limit:
            return value
