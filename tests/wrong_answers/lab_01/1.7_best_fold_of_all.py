    # wrong: the best value is the one that has come closest
    best = int(np.argmin(np.min(curve.later, axis=1)))
    good_enough = curve.mean_later <= curve.mean_later[best] + curve.standard_error_later[best]
    return curve.values[int(np.argmax(good_enough))]
