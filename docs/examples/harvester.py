#!/usr/bin/env python3
"""A harvester in Python for Grenier (contract grenier-harvest/1, docs/harvesting.md).

The source is an address that gives pages of JSON, one after the other:

    {"items": [{"key": "a1", "name": "Trees", "text": "All trees of the town.",
                "subject": "parks", "licence": "lov2", "changed": "2026-05-01",
                "files": [{"name": "Trees", "link": "https://example.org/trees.csv"}]}],
     "next": "https://example.org/items?page=2"}

In grenier.toml:

    [harvest.external.items]
    command = ["/usr/bin/python3", "/opt/harvesters/harvester.py"]

then: grenier harvest create items https://example.org/items "Items of a town"
"""
import json
import sys
import urllib.parse
import urllib.request

ABOUT = {
    "id": "items",
    "label": "Items",
    "filters": [{"key": "subject", "label": "Subject", "type": "string", "description": "Take only what is on a subject"}],
    "features": [{"key": "drafts", "label": "Drafts", "description": "Take drafts too", "default": False}],
    "extra_configs": [],
    "incremental": False,
    "resumable": True,
}


def tell(**line):
    """Write one line. It is flushed, so that work is seen as it goes on."""
    print(json.dumps(line, ensure_ascii=False), flush=True)


def page(address, agent):
    """Read one page of the portal."""
    request = urllib.request.Request(address, headers={"Accept": "application/json", "User-Agent": agent})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def wanted(item, filters):
    """Apply the filters of the source: of those that include, one must match."""
    included = [f["value"] for f in filters if f["key"] == "subject" and f.get("type") != "exclude"]
    excluded = [f["value"] for f in filters if f["key"] == "subject" and f.get("type") == "exclude"]
    subject = item.get("subject")
    return subject not in excluded and (not included or subject in included)


def dataset(item):
    """Say what the portal says. Grenier cleans texts, tags, dates and licences itself."""
    return {
        "title": item["name"],
        "description": item.get("text", ""),
        "tags": [item["subject"]] if item.get("subject") else [],
        "license": [item["licence"]] if item.get("licence") else [],
        "harvest": {"modified_at": item.get("changed", "")},
        "resources": [{"title": f.get("name") or f["link"], "url": f["link"]} for f in item.get("files", [])],
    }


def harvest(request):
    source = request["source"]
    config = source["config"]
    done, seen = 0, set()
    # After an interruption, the cursor of the last checkpoint comes back.
    address = request["cursor"] or source["url"]
    tell(t="start", total=None, format="items")
    while address and address not in seen:
        seen.add(address)
        answer = page(address, request["user_agent"])
        for item in answer["items"]:
            done += 1
            key = item.get("key", "")
            if not wanted(item, config["filters"]):
                continue
            if item.get("draft") and not config["features"].get("drafts"):
                tell(t="skip", remote_id=key, reason="It is a draft")
                continue
            try:
                tell(t="dataset", remote_id=key, data=dataset(item))
            except (KeyError, TypeError) as wrong:  # one bad record does not stop the others
                tell(t="error", remote_id=key, message=f"The record is not as expected: {wrong}")
        address = answer.get("next") and urllib.parse.urljoin(address, answer["next"])
        if address:
            tell(t="checkpoint", cursor=address, done=done)
    tell(t="end", complete=not address)


def main():
    request = json.loads(sys.stdin.readline())
    if request["op"] == "describe":
        print(json.dumps(ABOUT))
    else:
        harvest(request)


if __name__ == "__main__":
    main()
