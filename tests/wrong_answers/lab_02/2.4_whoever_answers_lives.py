        # wrong: a process that can answer is alive
        if question == "live":
            return Verdict(True, "alive")
        if not self.loaded:
            return Verdict(False, "the model is being loaded")
        if question == "ready" and (self.leaving() or self.stalled or not self.batcher_alive()):
            return Verdict(False, "not ready")
        return Verdict(True, question)
