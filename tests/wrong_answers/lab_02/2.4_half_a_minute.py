        # wrong: a loop may take its time
        broken = ""
        if time.monotonic() - self._last_turn > 30:
            broken = "the loop has stalled"
        elif not self.batcher_alive():
            broken = "the model's thread is gone"
        if question == "live":
            return Verdict(not broken, broken or "alive")
        if not self.loaded:
            return Verdict(False, "the model is being loaded")
        if question == "startup":
            return Verdict(True, "started")
        if self.leaving():
            return Verdict(False, "leaving")
        return Verdict(not broken, broken or "ready")
