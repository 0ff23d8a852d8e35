    # wrong: the last fold is the newest, and closest to production
    errors = np.array(curve.later)[:, -1]
    best = int(np.argmin(errors))
    limit = errors[best] + curve.standard_error_later[best]
    return curve.values[int(np.flatnonzero(errors <= limit)[0])]
