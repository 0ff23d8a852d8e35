        # wrong: all the dollars over all the square feet
        totals = houses[["area", "tot_sf"]].assign(price=np.asarray(prices)).groupby("area")[["price", "tot_sf"]].sum()
        self.by_area_ = totals["price"] / totals["tot_sf"]
        self.anywhere_ = float(totals["price"].sum() / totals["tot_sf"].sum())
        return self
