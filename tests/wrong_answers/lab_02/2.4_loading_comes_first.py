        # wrong: nothing can be said of a process that has not loaded its model
        if not self.loaded:
            return Verdict(question == "live", "the model is being loaded")
        broken = ""
        if self.stalled:
            broken = "the loop has stalled"
        elif not self.batcher_alive():
            broken = "the model's thread is gone"
        if question == "live":
            return Verdict(not broken, broken or "alive")
        if question == "startup":
            return Verdict(True, "started")
        if self.leaving():
            return Verdict(False, "leaving")
        return Verdict(not broken, broken or "ready")
