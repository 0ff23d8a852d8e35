    # wrong: an error plus or minus its own standard error
    best = curve.mean_later.min()
    good_enough = curve.mean_later - curve.standard_error_later <= best
    return curve.values[int(np.argmax(good_enough))]
