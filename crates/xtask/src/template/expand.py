"""Expands the SAM template as CloudFormation would, without AWS: `expand.py TEMPLATE OUTPUT`.

Linters see cycles, dangling references and generated resources only in what the transform makes.
"""

import json
import sys

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse


def main(source, target):
    with open(source, encoding="utf-8") as file:
        template = yaml_parse(file)
    # The transform wants code that was uploaded; which is of no matter here.
    template["Globals"]["Function"]["CodeUri"] = "s3://bucket/code.zip"
    region = "us-east-1"
    expanded = Translator({}, Parser(), boto_session=boto3.Session(region_name=region)).translate(template, {})
    with open(target, "w", encoding="utf-8") as file:
        json.dump(expanded, file, indent=2)


main(*sys.argv[1:])
