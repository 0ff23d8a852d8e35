        # wrong: sleep until the balancer has noticed
        begun = time.monotonic()
        time.sleep(self.settings.drain_seconds)
        self._stop_accepting()
        self.front.close_idle()
        left = begun + self.settings.grace_seconds - time.monotonic()
        self._turn_while(lambda: self.front.busy, left)
