        # wrong: attributes have plain names
        per_square_foot = np.asarray(prices, dtype=float) / houses["tot_sf"]
        self.by_area = per_square_foot.groupby(houses["area"]).median()
        self.anywhere = float(per_square_foot.median())
        return self
