"""`left.py begin` makes the bucket for what is deployed; `left.py end` removes it and fails if anything else is there."""

import os
import sys

import boto3

BUCKET = os.environ["BUCKET"]


def names(service, operation, key, name=None):
    answer = getattr(boto3.client(service), operation)()
    items = answer
    for part in key.split("."):
        items = items.get(part) or []
    return [item[name] if name else item for item in items]


def everything():
    stacks = boto3.client("cloudformation").describe_stacks()["Stacks"]
    yield "stack", [stack["StackName"] for stack in stacks if stack["StackStatus"] != "DELETE_COMPLETE"]
    yield "table", names("dynamodb", "list_tables", "TableNames")
    yield "queue", names("sqs", "list_queues", "QueueUrls")
    yield "function", names("lambda", "list_functions", "Functions", "FunctionName")
    yield "mapping", names("lambda", "list_event_source_mappings", "EventSourceMappings", "UUID")
    yield "bucket", [name for name in names("s3", "list_buckets", "Buckets", "Name") if name != BUCKET]
    yield "bus", [name for name in names("events", "list_event_buses", "EventBuses", "Name") if name != "default"]
    yield "distribution", names("cloudfront", "list_distributions", "DistributionList.Items", "Id")
    yield "API", names("apigatewayv2", "get_apis", "Items", "ApiId")
    yield "cache", names("elasticache", "describe_replication_groups", "ReplicationGroups", "ReplicationGroupId")
    yield "secret", names("secretsmanager", "list_secrets", "SecretList", "Name")
    yield "topic", names("sns", "list_topics", "Topics", "TopicArn")
    yield "alarm", names("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName")
    yield "log group", names("logs", "describe_log_groups", "logGroups", "logGroupName")
    yield "role", names("iam", "list_roles", "Roles", "RoleName")


def main(moment):
    bucket = boto3.resource("s3").Bucket(BUCKET)
    if moment == "begin":
        bucket.create()
        return
    left = [f"{kind} {name}" for kind, found in everything() for name in found]
    bucket.objects.all().delete()
    bucket.delete()
    if left:
        raise SystemExit("left after the deletion:\n" + "\n".join(left))
    print("no", ", ".join(kind for kind, _ in everything()))


main(*sys.argv[1:])
