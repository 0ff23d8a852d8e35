    # wrong: no overfitting is where the two errors are closest
    gap = np.abs(curve.mean_later - curve.mean_training)
    return curve.values[int(np.argmin(gap))]
