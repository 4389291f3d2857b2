-- +goose Up
-- The change feed: how far the log of events was cleared, and followers of the
-- log that run on one node at a time. Webhooks: who wants to be told of changes,
-- and what was sent to them.

INSERT INTO compatibility (migration, oldest) VALUES (7, 1);

CREATE TABLE event_horizon (
    seq BIGINT NOT NULL
);
INSERT INTO event_horizon (seq) VALUES (0);

CREATE TABLE followers (
    name TEXT PRIMARY KEY,
    position BIGINT NOT NULL,
    node TEXT NOT NULL,
    lease_until BIGINT NOT NULL
);

CREATE TABLE webhooks (
    id TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    organization_id TEXT,
    owner_id TEXT,
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    secret TEXT NOT NULL,
    kinds TEXT NOT NULL,
    watched TEXT,
    tag TEXT,
    active BOOLEAN NOT NULL,
    stopped_at BIGINT,
    stopped_why TEXT,
    failures BIGINT NOT NULL,
    accepted_at BIGINT,
    since BIGINT NOT NULL,
    created_by TEXT,
    created_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL
);
CREATE INDEX webhooks_organization ON webhooks (organization_id) WHERE organization_id IS NOT NULL;
CREATE INDEX webhooks_owner ON webhooks (owner_id) WHERE owner_id IS NOT NULL;

CREATE TABLE deliveries (
    id TEXT PRIMARY KEY,
    webhook_id TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    body TEXT NOT NULL,
    changes BIGINT NOT NULL,
    last_seq BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    status BIGINT,
    error TEXT,
    answer TEXT,
    took BIGINT,
    again_of TEXT,
    created_at BIGINT NOT NULL,
    tried_at BIGINT,
    next_at BIGINT
);
CREATE INDEX deliveries_webhook ON deliveries (webhook_id, created_at);
CREATE INDEX deliveries_created ON deliveries (created_at);
