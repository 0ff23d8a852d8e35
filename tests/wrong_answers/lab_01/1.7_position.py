    # wrong: the position of the best is what is asked for
    best = int(np.argmin(curve.mean_later))
    good_enough = curve.mean_later <= curve.mean_later[best] + curve.standard_error_later[best]
    return int(np.argmax(good_enough))
