    # wrong: the sum over the folds is lowest where their mean is
    errors = np.sum(curve.later, axis=1)
    best = int(np.argmin(errors))
    limit = errors[best] + curve.standard_error_later[best]
    return curve.values[int(np.flatnonzero(errors <= limit)[0])]
