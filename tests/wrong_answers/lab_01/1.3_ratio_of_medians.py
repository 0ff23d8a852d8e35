        # wrong: the median price over the median size is the median price per square foot
        table = houses[["area", "tot_sf"]].assign(price=np.asarray(prices))
        medians = table.groupby("area")[["price", "tot_sf"]].median()
        self.by_area_ = medians["price"] / medians["tot_sf"]
        self.anywhere_ = float(table["price"].median() / table["tot_sf"].median())
        return self
