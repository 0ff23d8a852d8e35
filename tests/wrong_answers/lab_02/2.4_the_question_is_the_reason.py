        # wrong: the status says it all
        alive = not self.stalled and self.batcher_alive()
        if question == "live":
            return Verdict(alive, question)
        if question == "startup":
            return Verdict(self.loaded, question)
        return Verdict(self.loaded and alive and not self.leaving(), question)
