        # wrong: a process that leaves need not be judged any more
        if question == "live" and self.leaving():
            return Verdict(True, "leaving")
        broken = self.stalled or not self.batcher_alive()
        if question == "live":
            return Verdict(not broken, "broken" if broken else "alive")
        if not self.loaded:
            return Verdict(False, "the model is being loaded")
        if question == "startup":
            return Verdict(True, "started")
        return Verdict(not broken and not self.leaving(), "ready")
