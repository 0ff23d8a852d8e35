    # wrong: from the best towards the simple end, until one is worse
    errors = curve.mean_later
    best = at = int(np.argmin(errors))
    while at > 0 and errors[at - 1] <= errors[best] + curve.standard_error_later[best]:
        at -= 1
    return curve.values[at]
