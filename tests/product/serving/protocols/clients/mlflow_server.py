"""Ask by way of MLflow's client of its own server; it sends only JSON, so pandas writes a CSV."""

import json
import sys

import pandas as pd
import requests
from mlflow.pyfunc.scoring_server import CONTENT_TYPE_CSV
from mlflow.pyfunc.scoring_server.client import ScoringServerClient
from mlflow.version import VERSION

port, houses = int(sys.argv[1]), json.load(sys.stdin)

client = ScoringServerClient("127.0.0.1", port)
client.wait_server_ready()
assert client.get_version() == VERSION
frame = pd.DataFrame(houses)
answers = [client.invoke(data) for data in (frame, frame.astype({"beds": float}), houses)]
headers = {"Content-Type": CONTENT_TYPE_CSV}
as_csv = requests.post(f"{client.url_prefix}/invocations", frame.to_csv(index=False), headers=headers, timeout=30)
answers.append(as_csv.json())
assert all(each == answers[0] for each in answers)
try:
    client.invoke(frame.drop(columns="beds"))
    sys.exit("houses without bedrooms were priced")
except Exception as refused:
    if "row 1, beds: Field required" not in str(refused):
        raise
print(json.dumps(answers[0]["predictions"]))
