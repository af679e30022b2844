"""One product's way through the deployed stack: `journey.py STACK`. Every wait has an end."""

import json
import os
import sys
import time
import urllib.error
import urllib.request
from urllib.parse import urlparse

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

PATIENCE = 60
PRODUCT = "check-1"
GATEWAY = urlparse(os.environ["AWS_ENDPOINT_URL"])


class Api:
    """The deployed API, at the emulator's one port."""

    def __init__(self, url, secret):
        self.host, self.secret = urlparse(url).hostname, secret

    def ask(self, method, path, body=None, **headers):
        # The emulator tells APIs by their host names, which no name server knows.
        host = f"{self.host.split('.')[0]}.execute-api.localhost:{GATEWAY.port}"
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        headers |= {"host": host, "x-origin-secret": self.secret}
        data = None if body is None else json.dumps(body).encode()
        if data:
            headers.setdefault("content-type", "application/json")
        if path.startswith("/api/admin/"):
            # Its routes are IAM's: signed for the host that is asked for.
            signed = AWSRequest(method, f"http://{host}{path}", headers, data)
            session = boto3.Session()
            SigV4Auth(session.get_credentials(), "execute-api", session.region_name).add_auth(signed)
            headers = dict(signed.headers.items())
        request = urllib.request.Request(f"{GATEWAY.geturl()}{path}", data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read()
        except urllib.error.HTTPError as answer:
            return answer.code, {k.lower(): v for k, v in answer.headers.items()}, answer.read()

    def read(self):
        return self.ask("GET", f"/api/products/{PRODUCT}")


def say(what, status, headers):
    shown = [f"{name}: {headers[name]}" for name in ("x-cache-version", "cache-status") if name in headers]
    print(f"{what:<34}{status}  {'  '.join(shown)}")


def expect(what, answer, status, **wanted):
    say(what, answer[0], answer[1])
    if answer[0] != status:
        raise SystemExit(f"{what}: {status} was expected: {answer[2].decode(errors='replace')}")
    for name, part in wanted.items():
        value = answer[1].get(name.replace("_", "-"), "")
        if part not in value:
            raise SystemExit(f"{what}: {name} should have {part!r}: {value!r}")
    return answer


def until(what, look):
    """Looks until there is something, or fails."""
    begin = time.monotonic()
    while time.monotonic() - begin < PATIENCE:
        found = look()
        if found:
            print(f"{what:<34}after {time.monotonic() - begin:.1f} s")
            return found
        time.sleep(0.2)
    raise SystemExit(f"{what}: not within {PATIENCE} s")


def purges(distribution):
    """Every item the emulator's CloudFront was asked to invalidate."""
    cloudfront = boto3.client("cloudfront")
    answer = cloudfront.list_invalidations(DistributionId=distribution)
    items = []
    for summary in answer["InvalidationList"].get("Items", []):
        one = cloudfront.get_invalidation(DistributionId=distribution, Id=summary["Id"])
        items += one["Invalidation"]["InvalidationBatch"]["Paths"].get("Items", [])
    return items


def main(stack):
    formation = boto3.client("cloudformation")
    outputs = formation.describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in outputs}
    resource = formation.describe_stack_resource(StackName=stack, LogicalResourceId="OriginSecret")
    secret = resource["StackResourceDetail"]["PhysicalResourceId"]
    secret = boto3.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"]
    api = Api(outputs["ApiUrl"], secret)
    distribution = outputs["DistributionId"]
    tag = f"#product:{PRODUCT}"

    product = {
        "name": "A product", "description": "Deployed.", "category": "boots", "price_cents": 100,
        "currency": "EUR", "attributes": {},
    }
    path = f"/api/admin/products/{PRODUCT}"
    first = expect("PUT", api.ask("PUT", path, product, if_none_match="*"), 201, cache_status="detail=invalidated")
    version = first[1]["x-cache-version"]
    expect("GET", api.read(), 200, x_cache_version=version)
    # The stream tells of the creation once more, and what was loaded meanwhile is loaded again.
    until("GET again, a hit", lambda: "; hit" in expect("GET again", api.read(), 200)[1].get("cache-status", ""))
    until("stream, event, invalidation", lambda: tag in purges(distribution))
    before = len(purges(distribution))

    # Another program, which has never heard of versions.
    boto3.client("dynamodb").update_item(
        TableName=outputs["TableName"],
        Key={"id": {"S": PRODUCT}},
        UpdateExpression="SET price_cents = :price",
        ExpressionAttributeValues={":price": {"N": "1"}},
    )
    print("a write straight to the table")
    until("stream: the API has it", lambda: json.loads(api.read()[2])["price_cents"] == 1)
    until("event: CloudFront is told", lambda: len(purges(distribution)) > before)
    before = len(purges(distribution))

    expect("DELETE", api.ask("DELETE", path, if_match="*"), 204)
    expect("GET", api.read(), 404)
    until("event: CloudFront is told", lambda: len(purges(distribution)) > before)
    for name in ("DeadLetterQueueUrl", "FailureQueueUrl"):
        answer = boto3.client("sqs").get_queue_attributes(
            QueueUrl=outputs[name], AttributeNames=["ApproximateNumberOfMessages"]
        )
        if answer["Attributes"]["ApproximateNumberOfMessages"] != "0":
            raise SystemExit(f"something was dropped into {name}")
    print("invalidated:", ", ".join(sorted(set(purges(distribution)))))


main(*sys.argv[1:])
