    # wrong: the standard error of the whole curve is its smallest
    best = int(np.argmin(curve.mean_later))
    limit = curve.mean_later[best] + curve.standard_error_later.min()
    for value, error in zip(curve.values, curve.mean_later, strict=True):
        if error <= limit:
            return value
    return curve.values[best]
