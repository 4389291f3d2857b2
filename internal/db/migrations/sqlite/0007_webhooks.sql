-- +goose Up
-- The change feed: how far the log of events was cleared, and followers of the
-- log that run on one node at a time. Webhooks: who wants to be told of changes,
-- and what was sent to them.

INSERT INTO compatibility (migration, oldest) VALUES (7, 1);

CREATE TABLE event_horizon (
    seq INTEGER NOT NULL
) STRICT;
INSERT INTO event_horizon (seq) VALUES (0);

CREATE TABLE followers (
    name TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    node TEXT NOT NULL,
    lease_until INTEGER NOT NULL
) STRICT;

CREATE TABLE webhooks (
    id TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    organization_id TEXT,
    owner_id TEXT,
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    secret TEXT NOT NULL,
    kinds TEXT NOT NULL,
    watched TEXT,
    tag TEXT,
    active INTEGER NOT NULL,
    stopped_at INTEGER,
    stopped_why TEXT,
    failures INTEGER NOT NULL,
    accepted_at INTEGER,
    since INTEGER NOT NULL,
    created_by TEXT,
    created_at INTEGER NOT NULL,
    modified_at INTEGER NOT NULL
) STRICT;
CREATE INDEX webhooks_organization ON webhooks (organization_id) WHERE organization_id IS NOT NULL;
CREATE INDEX webhooks_owner ON webhooks (owner_id) WHERE owner_id IS NOT NULL;

CREATE TABLE deliveries (
    id TEXT PRIMARY KEY,
    webhook_id TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    body TEXT NOT NULL,
    changes INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    status INTEGER,
    error TEXT,
    answer TEXT,
    took INTEGER,
    again_of TEXT,
    created_at INTEGER NOT NULL,
    tried_at INTEGER,
    next_at INTEGER
) STRICT;
CREATE INDEX deliveries_webhook ON deliveries (webhook_id, created_at);
CREATE INDEX deliveries_created ON deliveries (created_at);
