"""Ask by way of NVIDIA's client of the Open Inference Protocol, in each way that it can send and get a tensor."""

import json
import sys

import numpy as np
import tritonclient.http as triton

port, houses = sys.argv[1], json.load(sys.stdin)
NUMPY = {"BYTES": np.object_, "INT64": np.int64, "FP64": np.float64}

client = triton.InferenceServerClient(f"127.0.0.1:{port}")
assert client.is_server_live()
assert client.is_server_ready()
assert "binary_tensor_data" in client.get_server_metadata()["extensions"]
model = client.get_model_metadata("house-prices")
[version] = model["versions"]
assert client.is_model_ready("house-prices", version)
assert not client.is_model_ready("other")

prices = []
for shape in [len(houses)], [len(houses), 1]:
    for binary in True, False:
        inputs = []
        for each in model["inputs"]:
            values = np.array([house[each["name"]] for house in houses], NUMPY[each["datatype"]]).reshape(shape)
            inputs.append(triton.InferInput(each["name"], shape, each["datatype"]))
            inputs[-1].set_data_from_numpy(values, binary_data=binary)
        for outputs in None, [triton.InferRequestedOutput("price", binary_data=binary)]:
            answer = client.infer("house-prices", inputs, version, outputs, request_id="mine")
            assert answer.get_response()["id"] == "mine"
            prices.append(answer.as_numpy("price").tolist())
try:
    client.infer("house-prices", inputs[1:])
    sys.exit("houses without an area were priced")
except triton.InferenceServerException as refused:
    if "row 1, area: Field required" not in refused.message():
        raise
assert all(each == prices[0] for each in prices)
print(json.dumps(prices[0]))
