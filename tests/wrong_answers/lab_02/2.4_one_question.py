        # wrong: a health check is a health check
        if not self.loaded or self.leaving() or self.stalled or not self.batcher_alive():
            return Verdict(False, "not healthy")
        return Verdict(True, "healthy")
