-- +goose Up
-- Harvesting: remote portals, their runs, what each record of a run came to, and
-- what is known of every record from one run to the next. Checks of the
-- availability of remote files.

INSERT INTO compatibility (migration, oldest) VALUES (10, 1);

CREATE TABLE harvest_sources (
    id TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_fold TEXT NOT NULL,
    description TEXT NOT NULL,
    url TEXT NOT NULL,
    domain TEXT NOT NULL,
    backend TEXT NOT NULL,
    config TEXT NOT NULL,
    options TEXT NOT NULL,
    secrets TEXT,
    organization_id TEXT,
    owner_id TEXT,
    frequency TEXT NOT NULL,
    active BOOLEAN NOT NULL,
    autoarchive BOOLEAN NOT NULL,
    validation TEXT NOT NULL,
    validated_by TEXT,
    validated_at BIGINT,
    validation_comment TEXT,
    schedule TEXT,
    next_run BIGINT,
    created_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL,
    deleted_at BIGINT,
    last_job TEXT,
    last_good_job TEXT,
    last_good_total BIGINT NOT NULL,
    shrunk_job TEXT,
    failures BIGINT NOT NULL,
    failing_since BIGINT,
    advice TEXT
);
CREATE INDEX harvest_sources_created ON harvest_sources (created_at);
CREATE INDEX harvest_sources_organization ON harvest_sources (organization_id) WHERE organization_id IS NOT NULL;
CREATE INDEX harvest_sources_owner ON harvest_sources (owner_id) WHERE owner_id IS NOT NULL;
CREATE INDEX harvest_sources_due ON harvest_sources (next_run) WHERE next_run IS NOT NULL;

CREATE TABLE harvest_jobs (
    id TEXT PRIMARY KEY,
    source_id TEXT NOT NULL REFERENCES harvest_sources (id) ON DELETE CASCADE,
    preview BOOLEAN NOT NULL,
    status TEXT NOT NULL,
    phase TEXT NOT NULL,
    reason TEXT NOT NULL,
    started_by TEXT,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    ended_at BIGINT,
    node TEXT,
    lease_until BIGINT,
    stop_asked BOOLEAN NOT NULL,
    resume_at BIGINT,
    resumed BIGINT NOT NULL,
    lapses BIGINT NOT NULL,
    digest TEXT NOT NULL,
    cursor TEXT,
    cursor_items BIGINT NOT NULL,
    since BIGINT,
    total BIGINT,
    items BIGINT NOT NULL,
    datasets BIGINT NOT NULL,
    dataservices BIGINT NOT NULL,
    done BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    skipped BIGINT NOT NULL,
    archived BIGINT NOT NULL,
    created BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    unchanged BIGINT NOT NULL,
    conflicts BIGINT NOT NULL,
    requests BIGINT NOT NULL,
    retries BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    complete BOOLEAN NOT NULL,
    errors TEXT
);
CREATE INDEX harvest_jobs_source ON harvest_jobs (source_id, created_at);
CREATE INDEX harvest_jobs_created ON harvest_jobs (created_at);
-- One job of a source runs at a time, and one more of each sort waits at most.
CREATE UNIQUE INDEX harvest_jobs_running ON harvest_jobs (source_id) WHERE status = 'processing';
CREATE UNIQUE INDEX harvest_jobs_waiting ON harvest_jobs (source_id, preview) WHERE status = 'initialized';
CREATE INDEX harvest_jobs_leased ON harvest_jobs (lease_until) WHERE lease_until IS NOT NULL;

CREATE TABLE harvest_items (
    job_id TEXT NOT NULL REFERENCES harvest_jobs (id) ON DELETE CASCADE,
    seq BIGINT NOT NULL,
    kind TEXT NOT NULL,
    remote_id TEXT,
    remote_url TEXT,
    object_id TEXT,
    title TEXT,
    status TEXT NOT NULL,
    outcome TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    ended_at BIGINT,
    page BIGINT,
    errors TEXT,
    logs TEXT,
    difference TEXT,
    PRIMARY KEY (job_id, seq)
);
CREATE INDEX harvest_items_outcome ON harvest_items (job_id, outcome, seq);
CREATE INDEX harvest_items_status ON harvest_items (job_id, status, seq);
CREATE INDEX harvest_items_url ON harvest_items (remote_url) WHERE remote_url IS NOT NULL;
CREATE INDEX harvest_items_remote ON harvest_items (remote_id) WHERE remote_id IS NOT NULL;
CREATE INDEX harvest_items_object ON harvest_items (object_id) WHERE object_id IS NOT NULL;

CREATE TABLE harvest_logs (
    job_id TEXT NOT NULL REFERENCES harvest_jobs (id) ON DELETE CASCADE,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    level TEXT NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (job_id, seq)
);

CREATE TABLE harvest_records (
    source_id TEXT NOT NULL REFERENCES harvest_sources (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    remote_id TEXT NOT NULL,
    object_id TEXT,
    hash TEXT NOT NULL,
    object_version BIGINT NOT NULL,
    seen_job TEXT NOT NULL,
    seen_at BIGINT NOT NULL,
    missing_since BIGINT,
    harvested TEXT,
    crashes BIGINT NOT NULL,
    crashed_hash TEXT,
    PRIMARY KEY (source_id, kind, remote_id)
);
CREATE INDEX harvest_records_object ON harvest_records (object_id) WHERE object_id IS NOT NULL;

CREATE TABLE harvest_conflicts (
    object_id TEXT NOT NULL,
    source_id TEXT NOT NULL REFERENCES harvest_sources (id) ON DELETE CASCADE,
    remote_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    reason TEXT NOT NULL,
    job_id TEXT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (object_id, source_id, remote_id)
);
CREATE INDEX harvest_conflicts_source ON harvest_conflicts (source_id);

CREATE TABLE harvest_pages (
    source_id TEXT NOT NULL REFERENCES harvest_sources (id) ON DELETE CASCADE,
    address TEXT NOT NULL,
    etag TEXT,
    last_modified TEXT,
    next TEXT NOT NULL,
    records TEXT NOT NULL,
    read_at BIGINT NOT NULL,
    PRIMARY KEY (source_id, address)
);

-- What portals answered to jobs, compressed, in chunks that a store keeps. A row stays
-- until its bytes are removed, also when its job is gone.
CREATE TABLE harvest_audits (
    job_id TEXT NOT NULL,
    attempt BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    size BIGINT NOT NULL,
    answers BIGINT NOT NULL,
    whole BOOLEAN NOT NULL,
    written_at BIGINT NOT NULL,
    PRIMARY KEY (job_id, attempt, seq)
);

CREATE INDEX harvests_source ON harvests (source_id) WHERE source_id IS NOT NULL;
-- Imports bring names and addresses of any length, which a B-tree would refuse.
CREATE INDEX harvests_by_remote ON harvests USING hash (remote_id) WHERE remote_id IS NOT NULL;
CREATE INDEX harvests_remote_url ON harvests USING hash (remote_url) WHERE remote_url IS NOT NULL;
CREATE INDEX harvests_uri ON harvests USING hash (uri) WHERE uri IS NOT NULL;

ALTER TABLE resources ADD COLUMN harvest_source TEXT;
ALTER TABLE resources ADD COLUMN harvest_remote_id TEXT;
ALTER TABLE resources ADD COLUMN harvest_missing_since BIGINT;
ALTER TABLE resources ADD COLUMN harvest_archived_at BIGINT;
CREATE INDEX resources_missing ON resources (harvest_source, harvest_missing_since) WHERE harvest_missing_since IS NOT NULL;

CREATE TABLE resource_checks (
    resource_id TEXT PRIMARY KEY,
    dataset_id TEXT NOT NULL,
    url TEXT NOT NULL,
    host TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    checked_at BIGINT,
    status BIGINT,
    available BOOLEAN,
    timeout BOOLEAN NOT NULL,
    failures BIGINT NOT NULL,
    content_length BIGINT,
    content_type TEXT,
    etag TEXT,
    last_modified TEXT,
    cors TEXT,
    error TEXT,
    modified_at BIGINT,
    changed_at BIGINT
);
CREATE INDEX resource_checks_host ON resource_checks (host, due_at);
CREATE INDEX resource_checks_dataset ON resource_checks (dataset_id);

CREATE TABLE check_hosts (
    host TEXT PRIMARY KEY,
    turn_at BIGINT,
    node TEXT,
    lease_until BIGINT,
    rest_until BIGINT,
    reason TEXT NOT NULL
);
CREATE INDEX check_hosts_turn ON check_hosts (turn_at) WHERE turn_at IS NOT NULL;
