"""Of the stand-in: tells the master that a task is ready, once a line of it matches."""
import os
import re
import ssl
import sys
import urllib.request

pattern = re.compile(sys.argv[sys.argv.index("--ready-regex") + 1])
url = "%s/api/v1/allocations/%s/ready" % (os.environ["DET_MASTER"].rstrip("/"), os.environ["DET_ALLOCATION_ID"])
headers = {"Grpc-Metadata-x-allocation-token": "Bearer " + os.environ["DET_SESSION_TOKEN"]}
context = None
if url.startswith("https:"):
    context = ssl.create_default_context()
    if os.environ.get("DET_MASTER_CERT_FILE"):
        context.load_verify_locations(cafile=os.environ["DET_MASTER_CERT_FILE"])
told = False
for line in sys.stdin:
    if not told and pattern.search(line):
        urllib.request.urlopen(urllib.request.Request(url, b"{}", headers, method="POST"), context=context, timeout=60)
        told = True
