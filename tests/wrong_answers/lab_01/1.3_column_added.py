        # wrong: the houses are mine to work with
        houses["rate"] = np.asarray(prices, dtype=float) / houses["tot_sf"]
        self.by_area_ = houses.groupby("area")["rate"].median()
        self.anywhere_ = float(houses["rate"].median())
        return self
