        # wrong: the median is the one in the middle of the sorted
        per_square_foot = np.asarray(prices, dtype=float) / houses["tot_sf"]
        self.by_area_ = per_square_foot.groupby(houses["area"]).agg(lambda rates: sorted(rates)[len(rates) // 2])
        self.anywhere_ = float(per_square_foot.median())
        return self
