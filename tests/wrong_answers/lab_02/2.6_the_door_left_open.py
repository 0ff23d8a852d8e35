        # wrong: after the drain, finish what is under way
        begun = time.monotonic()
        self.front.draining = True
        self._turn_while(lambda: True, self.settings.drain_seconds)
        self.front.close_idle()
        left = begun + self.settings.grace_seconds - time.monotonic()
        self._turn_while(lambda: self.front.busy, left)
