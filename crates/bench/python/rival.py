"""The same answer in Python: `rival.py module` connects once, at module scope (the fair way); `rival.py request` connects in
every request, as many recipes do; `rival.py boto3` is the first with a DynamoDB client beside it. The loop is what Lambda's own runtime does, without its extras."""

import http.client
import json
import os
import sys

import redis

MODE = sys.argv[1]
HOST, PORT = os.environ["VALKEY_URL"].removeprefix("redis://").split(":")


def connect():
    return redis.Redis(host=HOST, port=int(PORT), decode_responses=True)


CACHE = None if MODE == "request" else connect()
if MODE == "boto3":
    import boto3

    TABLE = boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])


def handler(event, context):
    cache = CACHE if CACHE is not None else connect()
    body = cache.get("plain:" + event["rawPath"].rsplit("/", 1)[-1])
    if CACHE is None:
        cache.close()
    if body is None:
        return {"statusCode": 404, "body": ""}
    # As recipes do it: what is cached is data, what is sent is made of it.
    product = json.loads(body)
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(product)}


def main():
    runtime = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    base = "/2018-06-01/runtime/invocation"
    while True:
        runtime.request("GET", base + "/next")
        response = runtime.getresponse()
        event = json.loads(response.read())
        request_id = response.getheader("lambda-runtime-aws-request-id")
        answer = json.dumps(handler(event, None)).encode()
        runtime.request("POST", f"{base}/{request_id}/response", answer, {"content-type": "application/json"})
        runtime.getresponse().read()


main()
