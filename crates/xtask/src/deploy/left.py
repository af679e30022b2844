"""`left.py begin` makes the bucket for what is deployed; `left.py end` removes it and fails if anything else is there."""

import os
import sys

import boto3

BUCKET = os.environ["BUCKET"]


def names(service, operation, key, name=None, **arguments):
    items = getattr(boto3.client(service), operation)(**arguments)
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
    for kind, operation, part in [
        ("cache policy", "list_cache_policies", "CachePolicy"),
        ("headers policy", "list_response_headers_policies", "ResponseHeadersPolicy"),
    ]:
        found = names("cloudfront", operation, f"{part}List.Items", Type="custom")
        yield kind, [item[part]["Id"] for item in found]
    yield "function of the edge", names("cloudfront", "list_functions", "FunctionList.Items", "Name")
    yield "access control", names("cloudfront", "list_origin_access_controls", "OriginAccessControlList.Items", "Id")
    yield "API", names("apigatewayv2", "get_apis", "Items", "ApiId")
    yield "cache", names("elasticache", "describe_replication_groups", "ReplicationGroups", "ReplicationGroupId")
    yield "user of caches", [
        name for name in names("elasticache", "describe_users", "Users", "UserId") if name != "default"
    ]
    yield "group of users", names("elasticache", "describe_user_groups", "UserGroups", "UserGroupId")
    networks = names("ec2", "describe_vpcs", "Vpcs")
    yield "network", [network["VpcId"] for network in networks if not network["IsDefault"]]
    endpoints = names("ec2", "describe_vpc_endpoints", "VpcEndpoints")
    yield "endpoint", [endpoint["VpcEndpointId"] for endpoint in endpoints if endpoint["State"] != "deleted"]
    yield "secret", names("secretsmanager", "list_secrets", "SecretList", "Name")
    yield "topic", names("sns", "list_topics", "Topics", "TopicArn")
    # A key is deleted after a week, the least there is.
    kms = boto3.client("kms")
    keys = [kms.describe_key(KeyId=key)["KeyMetadata"] for key in names("kms", "list_keys", "Keys", "KeyId")]
    yield "key", [key["KeyId"] for key in keys if key["KeyState"] != "PendingDeletion"]
    yield "dashboard", names("cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName")
    yield "alarm", names("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName")
    yield "log group", names("logs", "describe_log_groups", "logGroups", "logGroupName")
    yield "role", names("iam", "list_roles", "Roles", "RoleName")
    yield "policy", names("iam", "list_policies", "Policies", "PolicyName", Scope="Local")


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
