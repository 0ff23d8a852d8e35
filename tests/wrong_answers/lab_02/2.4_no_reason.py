        # wrong: yes or no is all that is asked
        alive = not self.stalled and self.batcher_alive()
        if question == "live":
            return Verdict(alive, "")
        if question == "startup":
            return Verdict(self.loaded, "")
        return Verdict(self.loaded and alive and not self.leaving(), "")
