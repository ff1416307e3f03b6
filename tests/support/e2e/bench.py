"""What is put on an engine that is otherwise empty, to see how it behaves."""

import io
import json
import uuid
import zipfile
from typing import TYPE_CHECKING, Any

import requests

from tools import Json
from tools.devenv.engine import Engine
from tools.devenv.environment import account
from tools.devenv.walkthrough import until

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef

FAILING = """
class OutOfStock(Exception): pass
def handler(event, context): raise OutOfStock("no parcel is left")
"""


class Bench:
    """An engine with a queue, a function that fails, and a role that may do everything."""

    def __init__(self, engine: Engine) -> None:
        platform = account("platform", engine)
        self.sqs, self.stepfunctions = platform.sqs, platform.stepfunctions
        self._apigateway, self._endpoint_url = platform.apigateway, engine.endpoint_url
        iam = platform.session.client("iam", endpoint_url=engine.endpoint_url)
        functions = platform.session.client("lambda", endpoint_url=engine.endpoint_url)

        self.queue_url = self.sqs.create_queue(
            QueueName="tokens", Attributes={"VisibilityTimeout": "43200"}
        )["QueueUrl"]
        trust = _allow(Action="sts:AssumeRole", Principal="*")
        role = iam.create_role(RoleName="all", AssumeRolePolicyDocument=trust)["Role"]
        everything = _allow(Action="*", Resource="*")
        iam.put_role_policy(RoleName="all", PolicyName="all", PolicyDocument=everything)
        self._role_arn, self.role_id = role["Arn"], role["RoleId"]
        self._session = platform.session
        self.failing_function = functions.create_function(
            FunctionName="failing",
            Runtime="python3.13",
            Handler="function.handler",
            Role=self._role_arn,
            Code={"ZipFile": _zipped(FAILING)},
        )["FunctionArn"]

    def start(self, **task: Any) -> str:
        """Start an execution that is one Task, and return its ARN."""
        definition = {"StartAt": "It", "States": {"It": {"Type": "Task", "End": True, **task}}}
        machine = self.stepfunctions.create_state_machine(
            name=str(uuid.uuid4()), definition=json.dumps(definition), roleArn=self._role_arn
        )["stateMachineArn"]
        return self.stepfunctions.start_execution(stateMachineArn=machine)["executionArn"]

    def start_wait(self, **fields: Any) -> str:
        """Start an execution that is one wait, whose token comes to the queue."""
        return self.start(
            Resource="arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            Parameters={"QueueUrl": self.queue_url, "MessageBody.$": "$$.Task.Token"},
            **fields,
        )

    def token(self) -> str:
        """The next token from the queue."""

        def received() -> str | None:
            found = self.sqs.receive_message(QueueUrl=self.queue_url, WaitTimeSeconds=1)
            return next((message["Body"] for message in found.get("Messages", [])), None)

        return until(received, "the queue has a token")

    def ended(self, execution: str) -> "DescribeExecutionOutputTypeDef":
        """An execution once it has ended."""

        def seen() -> "DescribeExecutionOutputTypeDef | None":
            found = self.stepfunctions.describe_execution(executionArn=execution)
            return None if found["status"] == "RUNNING" else found

        return until(seen, "the execution has ended")

    def sender_id(self) -> str:
        """The SenderId of a message that the role sends."""
        sts = self._session.client("sts", endpoint_url=self._endpoint_url)
        role = sts.assume_role(RoleArn=self._role_arn, RoleSessionName="sender")["Credentials"]
        sqs = self._session.client(
            "sqs",
            endpoint_url=self._endpoint_url,
            aws_access_key_id=role["AccessKeyId"],
            aws_secret_access_key=role["SecretAccessKey"],
            aws_session_token=role["SessionToken"],
        )
        url = self.sqs.create_queue(QueueName="sent")["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="sent")
        [message] = sqs.receive_message(QueueUrl=url, AttributeNames=["SenderId"])["Messages"]
        return message["Attributes"]["SenderId"]

    def refused(self, body: Json) -> Json:
        """What an API whose model wants an order_id responds to a body that has none."""
        api, name = self._apigateway, "application/json"
        id_ = api.create_rest_api(name="api")["id"]
        resource = api.get_resources(restApiId=id_)["items"][0]["id"]
        schema = '{"type": "object", "required": ["order_id"]}'
        api.create_model(restApiId=id_, name="Model", contentType=name, schema=schema)
        api.put_method(
            restApiId=id_,
            resourceId=resource,
            httpMethod="POST",
            authorizationType="NONE",
            requestModels={name: "Model"},
            requestValidatorId=api.create_request_validator(
                restApiId=id_, validateRequestBody=True
            )["id"],
        )
        api.put_integration(restApiId=id_, resourceId=resource, httpMethod="POST", type="MOCK")
        api.put_gateway_response(
            restApiId=id_,
            responseType="BAD_REQUEST_BODY",
            responseTemplates={name: '{"detail": "$context.error.validationErrorString"}'},
        )
        api.create_deployment(restApiId=id_, stageName="local")
        url = f"{self._endpoint_url}/_aws/execute-api/{id_}/local/"
        response = requests.post(url, json=body, timeout=60)
        assert response.status_code == 400, response.text
        document: Json = response.json()
        return document


def _allow(**fields: str) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **fields}]})


def _zipped(source: str) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("function.py", source)
    return archive.getvalue()
