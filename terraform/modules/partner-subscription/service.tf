data "aws_iam_policy_document" "service" {
  statement {
    sid       = "TakeMessages"
    actions   = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
    resources = [aws_sqs_queue.this.arn]
  }

  statement {
    sid       = "DecryptMessages"
    actions   = ["kms:Decrypt"]
    resources = [aws_kms_key.this.arn]
  }

  statement {
    sid       = "AssumeCallbackRole"
    actions   = ["sts:AssumeRole"]
    resources = [var.callback_role_arn]
  }
}

resource "aws_iam_policy" "service" {
  name        = "${var.name}-service"
  description = "Lets a service work on the messages of ${var.name} and answer them"
  policy      = data.aws_iam_policy_document.service.minified_json
}
