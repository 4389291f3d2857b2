-- +goose Up
-- Harvesting: remote portals, their runs, what each record of a run came to, and
-- what is known of every record from one run to the next. Checks of the
-- availability of remote files.

INSERT INTO compatibility (migration, oldest) VALUES (10, 1);

CREATE TABLE harvest_sources (
    id TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
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
    active INTEGER NOT NULL,
    autoarchive INTEGER NOT NULL,
    validation TEXT NOT NULL,
    validated_by TEXT,
    validated_at INTEGER,
    validation_comment TEXT,
    schedule TEXT,
    next_run INTEGER,
    created_at INTEGER NOT NULL,
    modified_at INTEGER NOT NULL,
    deleted_at INTEGER,
    last_job TEXT,
    last_good_job TEXT,
    last_good_total INTEGER NOT NULL,
    shrunk_job TEXT,
    failures INTEGER NOT NULL,
    failing_since INTEGER,
    advice TEXT
) STRICT;
CREATE INDEX harvest_sources_created ON harvest_sources (created_at);
CREATE INDEX harvest_sources_organization ON harvest_sources (organization_id) WHERE organization_id IS NOT NULL;
CREATE INDEX harvest_sources_owner ON harvest_sources (owner_id) WHERE owner_id IS NOT NULL;
CREATE INDEX harvest_sources_due ON harvest_sources (next_run) WHERE next_run IS NOT NULL;

CREATE TABLE harvest_jobs (
    id TEXT PRIMARY KEY,
    source_id TEXT NOT NULL REFERENCES harvest_sources (id) ON DELETE CASCADE,
    preview INTEGER NOT NULL,
    status TEXT NOT NULL,
    phase TEXT NOT NULL,
    reason TEXT NOT NULL,
    started_by TEXT,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    node TEXT,
    lease_until INTEGER,
    stop_asked INTEGER NOT NULL,
    resume_at INTEGER,
    resumed INTEGER NOT NULL,
    lapses INTEGER NOT NULL,
    digest TEXT NOT NULL,
    cursor TEXT,
    cursor_items INTEGER NOT NULL,
    since INTEGER,
    total INTEGER,
    items INTEGER NOT NULL,
    datasets INTEGER NOT NULL,
    dataservices INTEGER NOT NULL,
    done INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    skipped INTEGER NOT NULL,
    archived INTEGER NOT NULL,
    created INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    unchanged INTEGER NOT NULL,
    conflicts INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    retries INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    complete INTEGER NOT NULL,
    errors TEXT
) STRICT;
CREATE INDEX harvest_jobs_source ON harvest_jobs (source_id, created_at);
CREATE INDEX harvest_jobs_created ON harvest_jobs (created_at);
-- One job of a source runs at a time, and one more of each sort waits at most.
CREATE UNIQUE INDEX harvest_jobs_running ON harvest_jobs (source_id) WHERE status = 'processing';
CREATE UNIQUE INDEX harvest_jobs_waiting ON harvest_jobs (source_id, preview) WHERE status = 'initialized';
CREATE INDEX harvest_jobs_leased ON harvest_jobs (lease_until) WHERE lease_until IS NOT NULL;

CREATE TABLE harvest_items (
    job_id TEXT NOT NULL REFERENCES harvest_jobs (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL,
    remote_id TEXT,
    remote_url TEXT,
    object_id TEXT,
    title TEXT,
    status TEXT NOT NULL,
    outcome TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    page INTEGER,
    errors TEXT,
    logs TEXT,
    difference TEXT,
    PRIMARY KEY (job_id, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX harvest_items_outcome ON harvest_items (job_id, outcome, seq);
CREATE INDEX harvest_items_status ON harvest_items (job_id, status, seq);
CREATE INDEX harvest_items_url ON harvest_items (remote_url) WHERE remote_url IS NOT NULL;
CREATE INDEX harvest_items_remote ON harvest_items (remote_id) WHERE remote_id IS NOT NULL;
CREATE INDEX harvest_items_object ON harvest_items (object_id) WHERE object_id IS NOT NULL;

CREATE TABLE harvest_logs (
    job_id TEXT NOT NULL REFERENCES harvest_jobs (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    level TEXT NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (job_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE harvest_records (
    source_id TEXT NOT NULL REFERENCES harvest_sources (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    remote_id TEXT NOT NULL,
    object_id TEXT,
    hash TEXT NOT NULL,
    object_version INTEGER NOT NULL,
    seen_job TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    missing_since INTEGER,
    harvested TEXT,
    crashes INTEGER NOT NULL,
    crashed_hash TEXT,
    PRIMARY KEY (source_id, kind, remote_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX harvest_records_object ON harvest_records (object_id) WHERE object_id IS NOT NULL;

CREATE TABLE harvest_conflicts (
    object_id TEXT NOT NULL,
    source_id TEXT NOT NULL REFERENCES harvest_sources (id) ON DELETE CASCADE,
    remote_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    reason TEXT NOT NULL,
    job_id TEXT NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (object_id, source_id, remote_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX harvest_conflicts_source ON harvest_conflicts (source_id);

CREATE TABLE harvest_pages (
    source_id TEXT NOT NULL REFERENCES harvest_sources (id) ON DELETE CASCADE,
    address TEXT NOT NULL,
    etag TEXT,
    last_modified TEXT,
    next TEXT NOT NULL,
    records TEXT NOT NULL,
    read_at INTEGER NOT NULL,
    PRIMARY KEY (source_id, address)
) STRICT, WITHOUT ROWID;

-- What portals answered to jobs, compressed, in chunks that a store keeps. A row stays
-- until its bytes are removed, also when its job is gone.
CREATE TABLE harvest_audits (
    job_id TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    size INTEGER NOT NULL,
    answers INTEGER NOT NULL,
    whole INTEGER NOT NULL,
    written_at INTEGER NOT NULL,
    PRIMARY KEY (job_id, attempt, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX harvests_source ON harvests (source_id) WHERE source_id IS NOT NULL;
CREATE INDEX harvests_by_remote ON harvests (remote_id) WHERE remote_id IS NOT NULL;
CREATE INDEX harvests_remote_url ON harvests (remote_url) WHERE remote_url IS NOT NULL;
CREATE INDEX harvests_uri ON harvests (uri) WHERE uri IS NOT NULL;

ALTER TABLE resources ADD COLUMN harvest_source TEXT;
ALTER TABLE resources ADD COLUMN harvest_remote_id TEXT;
ALTER TABLE resources ADD COLUMN harvest_missing_since INTEGER;
ALTER TABLE resources ADD COLUMN harvest_archived_at INTEGER;
CREATE INDEX resources_missing ON resources (harvest_source, harvest_missing_since) WHERE harvest_missing_since IS NOT NULL;

CREATE TABLE resource_checks (
    resource_id TEXT PRIMARY KEY,
    dataset_id TEXT NOT NULL,
    url TEXT NOT NULL,
    host TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    checked_at INTEGER,
    status INTEGER,
    available INTEGER,
    timeout INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    content_length INTEGER,
    content_type TEXT,
    etag TEXT,
    last_modified TEXT,
    cors TEXT,
    error TEXT,
    modified_at INTEGER,
    changed_at INTEGER
) STRICT;
CREATE INDEX resource_checks_host ON resource_checks (host, due_at);
CREATE INDEX resource_checks_dataset ON resource_checks (dataset_id);

CREATE TABLE check_hosts (
    host TEXT PRIMARY KEY,
    turn_at INTEGER,
    node TEXT,
    lease_until INTEGER,
    rest_until INTEGER,
    reason TEXT NOT NULL
) STRICT;
CREATE INDEX check_hosts_turn ON check_hosts (turn_at) WHERE turn_at IS NOT NULL;
