        # wrong: first those who are waiting for an answer, then the rest
        begun = time.monotonic()
        self.front.draining = True
        self._turn_while(lambda: True, self.settings.drain_seconds)
        self._stop_accepting()
        left = begun + self.settings.grace_seconds - time.monotonic()
        self._turn_while(lambda: self.front.busy, left)
        self.front.close_idle()
