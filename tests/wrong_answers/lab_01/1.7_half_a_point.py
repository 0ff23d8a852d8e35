    # wrong: half a percentage point is nothing
    best = int(np.argmin(curve.mean_later))
    limit = curve.mean_later[best] + 0.005
    for value, error in zip(curve.values, curve.mean_later, strict=True):
        if error <= limit:
            return value
    return curve.values[best]
