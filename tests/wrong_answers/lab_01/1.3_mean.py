        # wrong: the average price per square foot
        per_square_foot = np.asarray(prices, dtype=float) / houses["tot_sf"]
        self.by_area_ = per_square_foot.groupby(houses["area"]).mean()
        self.anywhere_ = float(per_square_foot.mean())
        return self
