"""Ask by way of MLflow's client of its own server."""

import json
import sys

import pandas as pd
from mlflow.pyfunc.scoring_server.client import ScoringServerClient
from mlflow.version import VERSION

port, houses = int(sys.argv[1]), json.load(sys.stdin)

client = ScoringServerClient("127.0.0.1", port)
client.wait_server_ready()
assert client.get_version() == VERSION
frame = pd.DataFrame(houses)
answers = [client.invoke(data) for data in (frame, frame.astype({"beds": float}), houses)]
assert all(each == answers[0] for each in answers)
try:
    client.invoke(frame.drop(columns="beds"))
    sys.exit("houses without bedrooms were priced")
except Exception as refused:
    if "row 1, beds: Field required" not in str(refused):
        raise
print(json.dumps(answers[0]["predictions"]))
