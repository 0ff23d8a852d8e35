        # wrong: whoever is told to close asks no more, so tell them last
        begun = time.monotonic()
        self._turn_while(lambda: True, self.settings.drain_seconds)
        self.front.draining = True
        self._stop_accepting()
        self.front.close_idle()
        left = begun + self.settings.grace_seconds - time.monotonic()
        self._turn_while(lambda: self.front.busy, left)
