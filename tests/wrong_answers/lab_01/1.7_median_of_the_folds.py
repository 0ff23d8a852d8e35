    # wrong: the median, because a fold may be an exception
    errors = np.median(curve.later, axis=1)
    best = int(np.argmin(errors))
    limit = errors[best] + curve.standard_error_later[best]
    return curve.values[int(np.flatnonzero(errors <= limit)[0])]
