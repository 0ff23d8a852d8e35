    # wrong: of equally good models the most powerful one
    best = int(np.argmin(curve.mean_later))
    good_enough = curve.mean_later <= curve.mean_later[best] + curve.standard_error_later[best]
    return curve.values[int(np.flatnonzero(good_enough)[-1])]
