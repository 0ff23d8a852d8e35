"""Ask by way of Google's client of Vertex AI's prediction service, to which all numbers are floats."""

import json
import sys

from google.auth.credentials import AnonymousCredentials
from google.cloud.aiplatform_v1 import PredictionServiceClient
from google.cloud.aiplatform_v1.services.prediction_service.transports import PredictionServiceRestTransport
from google.protobuf import json_format, struct_pb2

port, houses = sys.argv[1], json.load(sys.stdin)

transport = PredictionServiceRestTransport(
    host=f"127.0.0.1:{port}", url_scheme="http", credentials=AnonymousCredentials()
)
client = PredictionServiceClient(transport=transport)
instances = [json_format.ParseDict(house, struct_pb2.Value()) for house in houses]
answer = client.predict(endpoint="projects/p/locations/l/endpoints/e", instances=instances)
print(json.dumps(list(answer.predictions)))
