        # wrong: without a model it might as well be dead
        broken = self.stalled or not self.batcher_alive()
        if question == "live":
            return Verdict(self.loaded and not broken, "alive")
        if not self.loaded:
            return Verdict(False, "the model is being loaded")
        if question == "startup":
            return Verdict(True, "started")
        return Verdict(not broken and not self.leaving(), "ready")
