"""Runs scim2-tester's checks against a SCIM server: scim2_checks.py BASE_URL TOKEN.

Prints what is not a success. Fails if the server departs from the RFCs' rules, and if the checks did not come to
changing resources at all.
"""

import collections
import sys

from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

GOOD = {Status.SUCCESS, Status.COMPLIANT, Status.ACCEPTABLE}
BAD = {Status.DEVIATION, Status.ERROR, Status.CRITICAL}
NEEDED = {"crud:create", "crud:read", "crud:update", "crud:delete", "patch:add", "patch:remove", "patch:replace"}


def main(base_url: str, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    with Client(base_url=base_url, headers=headers, trust_env=False, timeout=60) as http:
        results = check_server(SyncSCIMClient(http))
    for result in results:
        if result.status not in GOOD:
            print(f"{result.status.name} {result.resource_type or ''} {result.title}: {result.reason}\n  {result.data}")
    counts = collections.Counter(result.status.name.lower() for result in results)
    print(", ".join(f"{count} {name}" for name, count in sorted(counts.items())))
    missed = {
        (resource_type, tag)
        for resource_type in ("User", "Group")
        for tag in NEEDED
        if not any(r.resource_type == resource_type and tag in r.tags and r.status in GOOD for r in results)
    }
    for resource_type, tag in sorted(missed):
        print(f"no check of {tag} on {resource_type} succeeded")
    bad = [result for result in results if result.status in BAD]
    return 1 if bad or missed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
