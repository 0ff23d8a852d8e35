"""Callers as locust plays them: half open a connection for each request, half keep theirs.

Each waits for its price before it asks again. So there are many, who ask seldom: when one has to wait, others go on.
"""

import os
import sys
import time

from locust import HttpUser, between, events, task


class Caller(HttpUser):
    abstract = True
    wait_time = between(0.5, 1.5)  # seconds; at a constant pace they would all go on asking at the same moment
    connection: str

    @task
    def ask_for_a_price(self):
        headers = {"Content-Type": "application/json", "Connection": self.connection}
        with self.client.post(
            os.environ["LOAD_PATH"],
            data=os.environ["LOAD_BODY"],
            headers=headers,
            timeout=10,
            name=type(self).__name__,
            catch_response=True,
        ) as answer:
            # What raises in here would not be counted: neither what is no JSON nor, of no answer at all, answer.ok.
            if answer.status_code == 200:
                try:
                    (prediction,) = answer.json()["predictions"]
                    assert prediction["price"] > 0
                except Exception as error:
                    answer.failure(f"no price: {error!r}")


class New(Caller):
    connection = "close"


class Kept(Caller):
    connection = "keep-alive"


@events.spawning_complete.add_listener
def tell_that_it_has_begun(user_count, **_):
    print(f"{user_count} callers", file=sys.stderr)


@events.request.add_listener
def tell_what_failed(name, exception, **_):
    if exception:
        print(f"{time.time():.3f} {name}: {exception}", file=sys.stderr)
