    # wrong: the spread of the folds is the uncertainty
    best = int(np.argmin(curve.mean_later))
    spread = np.std(curve.later, axis=1, ddof=1)
    good_enough = curve.mean_later <= curve.mean_later[best] + spread[best]
    return curve.values[int(np.argmax(good_enough))]
