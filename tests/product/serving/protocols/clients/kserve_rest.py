"""Ask by way of KServe's client of the Open Inference Protocol, with tensors as JSON and as bytes."""

import asyncio
import json
import sys

import numpy as np
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig

URL, houses = f"http://127.0.0.1:{sys.argv[1]}", json.load(sys.stdin)
DATATYPES = {str: ("BYTES", np.object_), int: ("INT64", np.int64), float: ("FP64", np.float64)}


def request(*, binary: bool) -> InferRequest:
    inputs = []
    for name in houses[0]:
        datatype, dtype = DATATYPES[type(houses[0][name])]
        inputs.append(InferInput(name, [len(houses)], datatype))
        inputs[-1].set_data_from_numpy(np.array([house[name] for house in houses], dtype), binary_data=binary)
    return InferRequest("house-prices", inputs, request_id="mine", parameters={"binary_data_output": binary})


async def ask() -> list[float]:
    client = InferenceRESTClient(RESTConfig(protocol="v2"))
    assert await client.is_server_live(URL)
    assert await client.is_server_ready(URL)
    assert await client.is_model_ready(URL, "house-prices")
    answers = [await client.infer(URL, request(binary=binary), "house-prices") for binary in (True, False)]
    assert {each.id for each in answers} == {"mine"}
    first, second = [each.outputs[0].as_numpy().tolist() for each in answers]
    assert first == second
    return first


print(json.dumps(asyncio.run(ask())))
