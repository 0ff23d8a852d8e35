    # wrong: 95 %, so twice the standard error
    best = int(np.argmin(curve.mean_later))
    limit = curve.mean_later[best] + 2 * curve.standard_error_later[best]
    for value, error in zip(curve.values, curve.mean_later, strict=True):
        if error <= limit:
            return value
    return curve.values[best]
