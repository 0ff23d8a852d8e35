        # wrong: the front can stop accepting, so let it
        begun = time.monotonic()
        self.front.draining = True
        self._turn_while(lambda: True, self.settings.drain_seconds)
        self.front.stop_accepting()
        self.front.close_idle()
        left = begun + self.settings.grace_seconds - time.monotonic()
        self._turn_while(lambda: self.front.busy, left)
