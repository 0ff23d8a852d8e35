    # wrong: within is below
    best = int(np.argmin(curve.mean_later))
    limit = curve.mean_later[best] + curve.standard_error_later[best]
    return next(value for value, error in zip(curve.values, curve.mean_later) if error < limit)
