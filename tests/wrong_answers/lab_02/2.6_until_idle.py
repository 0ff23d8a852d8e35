        # wrong: there is nothing to wait for when nothing is under way
        begun = time.monotonic()
        self.front.draining = True
        self._turn_while(lambda: self.front.busy, self.settings.drain_seconds)
        self._stop_accepting()
        self.front.close_idle()
        left = begun + self.settings.grace_seconds - time.monotonic()
        self._turn_while(lambda: self.front.busy, left)
