"""Ask by way of the client that SageMaker's SDK has for an endpoint on this machine."""

import csv
import io
import json
import sys

from sagemaker.local import LocalSagemakerRuntimeClient

port, houses = int(sys.argv[1]), json.load(sys.stdin)

client = LocalSagemakerRuntimeClient({"local": {"serving_port": port}})
table = io.StringIO()
writer = csv.DictWriter(table, houses[0])
writer.writeheader()
writer.writerows(houses)
bodies = {"application/json": json.dumps({"instances": houses}), "text/csv": table.getvalue()}
answers = [
    json.loads(client.invoke_endpoint(body, "house-prices", kind, "application/json")["Body"].read())
    for kind, body in bodies.items()
]
assert answers[0] == answers[1]
print(json.dumps(answers[0]["predictions"]))
