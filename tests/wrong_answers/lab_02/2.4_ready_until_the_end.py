        # wrong: as long as it can answer, it is ready
        broken = self.stalled or not self.batcher_alive()
        if question == "live":
            return Verdict(not broken, "broken" if broken else "alive")
        if not self.loaded:
            return Verdict(False, "the model is being loaded")
        if question == "startup":
            return Verdict(True, "started")
        return Verdict(not broken, "broken" if broken else "ready")
