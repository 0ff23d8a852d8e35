    # wrong: NumPy knows what a standard deviation is
    best = int(np.argmin(curve.mean_later))
    limit = curve.mean_later[best] + np.std(curve.later[best]) / np.sqrt(len(curve.later[best]))
    for value, error in zip(curve.values, curve.mean_later, strict=True):
        if error <= limit:
            return value
    return curve.values[best]
