"""The bucket of files: what goes by itself, and who may send something there."""

from urllib.parse import urlsplit

from shared.gcp.warehouse import EXPORTS
from shared.pipeline import staging, transfers


def what_was_left_behind_is_removed(deployment):
    """Files on their way into BigQuery, those of people and of jobs are gone, and no others."""
    files = deployment.all("google_storage_bucket")["google_storage_bucket.files"]
    rules = [rule for rule in files["lifecycle_rule"] if rule["action"][0]["type"] == "Delete"]
    conditions = [condition for rule in rules for condition in rule["condition"]]
    assert {prefix: each["age"] for each in conditions for prefix in each["matches_prefix"]} == {
        EXPORTS: 1,
        f"{transfers.FOLDER}/": 1,
        f"{staging.FOLDER}/": 7,
    }


def only_the_portal_may_send_files_from_a_browser(deployment):
    """Its page puts a file into the bucket, and reads how much has arrived."""
    files = deployment.all("google_storage_bucket")["google_storage_bucket.files"]
    portal = urlsplit(deployment.settings("portal").portal_url)
    (cors,) = files["cors"]
    assert (cors["origin"], cors["method"]) == ([f"https://{portal.netloc}"], ["PUT"])
    assert "Range" in cors["response_header"]
