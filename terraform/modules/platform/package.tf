# From S3 rather than from a file: the provider creates and updates functions from a file one at a time.
resource "aws_s3_bucket" "packages" {
  #checkov:skip=CKV_AWS_18:A package holds no data and no secret, and CloudTrail has who wrote one.
  #checkov:skip=CKV_AWS_144:The same sources give the same bytes: a lost package is built again.
  #checkov:skip=CKV2_AWS_62:Nobody acts on a package but Terraform, which has just written it.

  bucket        = "${var.name_prefix}-packages-${local.account_id}"
  force_destroy = !var.deletion_protection
}

resource "aws_s3_bucket_versioning" "packages" {
  bucket = aws_s3_bucket.packages.id

  versioning_configuration {
    status = "Enabled"
  }
}

# Terraform deletes a package that no function runs any more, with all its versions: these are of objects that others wrote.
resource "aws_s3_bucket_lifecycle_configuration" "packages" {
  bucket = aws_s3_bucket.packages.id

  rule {
    id     = "expire-old-versions"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }

    noncurrent_version_expiration {
      noncurrent_days = 365
    }
  }

  depends_on = [aws_s3_bucket_versioning.packages]
}

resource "aws_s3_bucket_public_access_block" "packages" {
  bucket                  = aws_s3_bucket.packages.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "packages" {
  bucket = aws_s3_bucket.packages.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      kms_master_key_id = aws_kms_key.this.arn
      sse_algorithm     = "aws:kms"
    }
  }
}

data "aws_iam_policy_document" "packages" {
  statement {
    sid       = "RefusePlainHttp"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.packages.arn, "${aws_s3_bucket.packages.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_s3_bucket_policy" "packages" {
  bucket = aws_s3_bucket.packages.id
  policy = data.aws_iam_policy_document.packages.json

  depends_on = [aws_s3_bucket_public_access_block.packages]
}

resource "aws_s3_object" "package" {
  bucket      = aws_s3_bucket.packages.id
  key         = "lambdas-${replace(replace(trimsuffix(var.package.sha256_base64, "="), "+", "-"), "/", "_")}.zip"
  source      = var.package.path
  source_hash = var.package.sha256_base64

  depends_on = [aws_s3_bucket_server_side_encryption_configuration.packages, aws_s3_bucket_versioning.packages]
}
