"""Makes `build/patched.json` of the built template, without what the emulator cannot do, and says what that was.

`patch.py STACK`; FOLDER is the check's folder. The access string of the cache's user goes into `access`.
"""

import json
import os
import secrets
import sys

from samtranslator.yaml_helper import yaml_parse

# The check's.
REGION = "us-east-1"

# The emulator refuses a template with a type it does not know.
UNKNOWN = {
    "AWS::CloudFront::MonitoringSubscription",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::ElastiCache::ServerlessCache",
    "AWS::Events::Archive",
    "AWS::Logs::Delivery",
    "AWS::Logs::DeliveryDestination",
    "AWS::Logs::DeliverySource",
}


def reason(resource):
    """Why a resource is left out, if it is."""
    if resource["Type"] in UNKNOWN:
        return resource["Type"]
    if resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"]:
        return "AWS::CloudWatch::Alarm on an expression"
    return None


def evaluated(node, region):
    """A condition without what the emulator leaves as it stands there: a list joined by nothing, and the region."""
    if isinstance(node, list):
        return [evaluated(part, region) for part in node]
    if not isinstance(node, dict):
        return node
    if node == {"Ref": "AWS::Region"}:
        return region
    # A list is one text to the emulator.
    if node.get("Fn::Join", [None])[0] == "":
        return evaluated(node["Fn::Join"][1], region)
    return {name: evaluated(part, region) for name, part in node.items()}


def access_string(template, stack):
    """What the user of the cache may do, with parameters at their defaults."""
    user = next(r for r in template["Resources"].values() if r["Type"] == "AWS::ElastiCache::User")
    text = user["Properties"]["AccessString"]["Fn::Sub"]
    for name, parameter in template["Parameters"].items():
        text = text.replace("${%s}" % name, str(parameter.get("Default", "")))
    return text.replace("${AWS::StackName}", stack)


def main(stack):
    folder = os.environ["FOLDER"]
    with open(os.path.join(folder, "build", "template.yaml"), encoding="utf-8") as file:
        template = yaml_parse(file)
    with open(os.path.join(folder, "access"), "w", encoding="utf-8") as file:
        file.write(access_string(template, stack))
    left_out = {}
    for name, resource in list(template["Resources"].items()):
        why = reason(resource)
        if why:
            left_out.setdefault(why, []).append(name)
            del template["Resources"][name]
    for why, names in left_out.items():
        print(f"left out: {why}: {', '.join(names)}")
    # Outputs of what is left out.
    gone = {name for names in left_out.values() for name in names}
    for name, output in list(template["Outputs"].items()):
        if output.get("Value", {}) in [{"Ref": id} for id in gone]:
            print(f"left out: output {name}")
            del template["Outputs"][name]
    for name, condition in template["Conditions"].items():
        template["Conditions"][name] = evaluated(condition, REGION)
        if template["Conditions"][name] != condition:
            print(f"evaluated here: condition {name}")
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::SecretsManager::Secret":
            # The emulator's have punctuation whatever it is asked for, and could not be part of a URL.
            del resource["Properties"]["GenerateSecretString"]
            resource["Properties"]["SecretString"] = secrets.token_hex(32)
            print(f"made here, without punctuation: {name}")
    text = json.dumps(template, indent=1)
    print(f"without TLS: the cache, in {text.count('rediss://')} functions")
    with open(os.path.join(folder, "build", "patched.json"), "w", encoding="utf-8") as file:
        file.write(text.replace("rediss://", "redis://"))


main(*sys.argv[1:])
