-- +goose Up
-- Accounts, sessions, OAuth2, membership, transfers, files, charts, mail: what
-- people need to publish. Columns that an older program does not fill have
-- defaults, so that it goes on working beside.

INSERT INTO compatibility (migration, oldest) VALUES (4, 1);

ALTER TABLE users ADD COLUMN stamp TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN totp_secret TEXT;
ALTER TABLE users ADD COLUMN totp_at BIGINT;
ALTER TABLE users ADD COLUMN totp_step BIGINT NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN logins BIGINT NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN inactivity_told_at BIGINT;
CREATE INDEX users_login ON users (last_login_at);

CREATE TABLE recovery_codes (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    hash TEXT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (user_id, hash)
);

CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    stamp TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    verified_at BIGINT,
    lasting BOOLEAN NOT NULL,
    agent TEXT NOT NULL,
    address TEXT NOT NULL,
    provider TEXT NOT NULL,
    provider_token TEXT NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expires ON sessions (expires_at);

CREATE TABLE identities (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX identities_user ON identities (user_id);

ALTER TABLE tokens ADD COLUMN warned_at BIGINT;
CREATE INDEX tokens_expires ON tokens (expires_at);

CREATE TABLE oauth_clients (
    id TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    secret TEXT,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    owner_id TEXT REFERENCES users (id),
    organization_id TEXT REFERENCES organizations (id),
    image TEXT,
    image_thumbnail TEXT,
    redirect_uris TEXT NOT NULL,
    scopes TEXT NOT NULL,
    grant_types TEXT NOT NULL,
    confidential BOOLEAN NOT NULL,
    internal BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    disabled_at BIGINT
);
CREATE INDEX oauth_clients_owner ON oauth_clients (owner_id);

CREATE TABLE oauth_grants (
    kind TEXT NOT NULL,
    signature TEXT NOT NULL,
    request TEXT NOT NULL,
    client_id TEXT NOT NULL REFERENCES oauth_clients (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    scopes TEXT NOT NULL,
    form TEXT NOT NULL,
    session TEXT NOT NULL,
    requested_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    last_used_at BIGINT,
    active BOOLEAN NOT NULL,
    PRIMARY KEY (kind, signature)
);
CREATE INDEX oauth_grants_request ON oauth_grants (request);
CREATE INDEX oauth_grants_user ON oauth_grants (user_id, client_id);
CREATE INDEX oauth_grants_expires ON oauth_grants (expires_at);

CREATE TABLE membership_requests (
    id TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    user_id TEXT REFERENCES users (id) ON DELETE CASCADE,
    email TEXT,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    role TEXT NOT NULL,
    comment TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT,
    handled_at BIGINT,
    handled_by TEXT,
    answer TEXT
);
CREATE INDEX membership_requests_organization ON membership_requests (organization_id, status, created_at);
CREATE INDEX membership_requests_user ON membership_requests (user_id, status);
CREATE INDEX membership_requests_email ON membership_requests (email, status);
CREATE UNIQUE INDEX membership_requests_user_once ON membership_requests (organization_id, user_id) WHERE status = 'pending' AND user_id IS NOT NULL;
CREATE UNIQUE INDEX membership_requests_email_once ON membership_requests (organization_id, email) WHERE status = 'pending' AND email IS NOT NULL;
CREATE TABLE membership_assignments (
    request_id TEXT NOT NULL REFERENCES membership_requests (id) ON DELETE CASCADE,
    object_kind TEXT NOT NULL,
    object_id TEXT NOT NULL,
    PRIMARY KEY (request_id, object_id)
);
CREATE INDEX assignments_organization ON assignments (organization_id, user_id);
CREATE INDEX assignments_object ON assignments (object_id);

CREATE TABLE transfers (
    id TEXT PRIMARY KEY,
    object_kind TEXT NOT NULL,
    object_id TEXT NOT NULL,
    owner_kind TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    recipient_kind TEXT NOT NULL,
    recipient_id TEXT NOT NULL,
    user_id TEXT,
    comment TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    responded_at BIGINT,
    responded_by TEXT,
    answer TEXT
);
CREATE INDEX transfers_object ON transfers (object_id, status);
CREATE INDEX transfers_recipient ON transfers (recipient_id, status, created_at);

ALTER TABLE datasets ADD COLUMN publish_at BIGINT;
CREATE INDEX datasets_publish ON datasets (publish_at) WHERE publish_at IS NOT NULL;
-- What is late or cannot be reached, by who keeps it, without reading the rows.
CREATE INDEX datasets_late ON datasets (organization_id, frequency, last_update, id) WHERE deleted_at IS NULL AND archived_at IS NULL;
CREATE INDEX datasets_unavailable ON datasets (organization_id, last_update, id) WHERE all_available = FALSE AND deleted_at IS NULL AND archived_at IS NULL;
-- The newest resource of a dataset of any size, as its last update asks.
CREATE INDEX resources_newest ON resources (dataset_id, community, (CASE WHEN harvest_modified_at IS NOT NULL THEN harvest_modified_at
    WHEN filetype = 'remote' AND analysed_modified_at IS NOT NULL THEN analysed_modified_at ELSE modified_internal END));
CREATE INDEX resources_schemas ON resources (dataset_id, community, schema_name) WHERE schema_name IS NOT NULL;
CREATE INDEX datasets_deleted ON datasets (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX reuses_deleted ON reuses (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX dataservices_deleted ON dataservices (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX organizations_deleted ON organizations (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE charts (
    id TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    slug TEXT NOT NULL UNIQUE,
    organization_id TEXT REFERENCES organizations (id),
    owner_id TEXT REFERENCES users (id),
    title TEXT NOT NULL,
    title_fold TEXT NOT NULL,
    description TEXT NOT NULL,
    private BOOLEAN NOT NULL,
    visible BOOLEAN NOT NULL,
    x_axis TEXT NOT NULL,
    y_axis TEXT NOT NULL,
    series TEXT NOT NULL,
    extras TEXT,
    image TEXT,
    image_thumbnail TEXT,
    views BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL,
    deleted_at BIGINT
);
CREATE INDEX charts_created ON charts (visible, created_at);
CREATE INDEX charts_organization ON charts (organization_id);
CREATE INDEX charts_owner ON charts (owner_id);

-- A row per file; its bytes are a blob named by their SHA-256.
CREATE TABLE files (
    id TEXT PRIMARY KEY,
    storage TEXT NOT NULL,
    path TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    sha1 TEXT NOT NULL,
    size BIGINT NOT NULL,
    mime TEXT NOT NULL,
    object_kind TEXT NOT NULL,
    object_id TEXT NOT NULL,
    dataset_id TEXT,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    ended_at BIGINT,
    UNIQUE (storage, path)
);
CREATE INDEX files_object ON files (object_id);
CREATE INDEX files_dataset ON files (dataset_id) WHERE dataset_id IS NOT NULL;
CREATE INDEX files_blob ON files (sha256);
CREATE INDEX files_ended ON files (ended_at) WHERE ended_at IS NOT NULL;
CREATE TABLE blobs (
    sha256 TEXT PRIMARY KEY,
    size BIGINT NOT NULL,
    written_at BIGINT NOT NULL
);
-- An upload by parts; its sums are known when the parts were put together, its
-- resource when it is done.
CREATE TABLE uploads (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    client_id TEXT NOT NULL,
    target TEXT NOT NULL,
    filename TEXT NOT NULL,
    parts BIGINT NOT NULL,
    state TEXT NOT NULL,
    sha256 TEXT,
    sha1 TEXT,
    size BIGINT,
    resource_id TEXT,
    created_at BIGINT NOT NULL,
    touched_at BIGINT NOT NULL,
    UNIQUE (user_id, client_id, target)
);
CREATE INDEX uploads_touched ON uploads (touched_at);
CREATE TABLE upload_parts (
    upload_id TEXT NOT NULL REFERENCES uploads (id) ON DELETE CASCADE,
    part BIGINT NOT NULL,
    start BIGINT NOT NULL,
    size BIGINT NOT NULL,
    checksum BIGINT NOT NULL,
    PRIMARY KEY (upload_id, part)
);

CREATE TABLE mails (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    recipient TEXT NOT NULL,
    user_id TEXT,
    language TEXT NOT NULL,
    subject TEXT NOT NULL,
    plain TEXT NOT NULL,
    html TEXT NOT NULL,
    link TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    sent_at BIGINT,
    failure TEXT
);
CREATE INDEX mails_created ON mails (created_at);

-- How often something was tried within a window of time, shared by all nodes.
CREATE TABLE rates (
    name TEXT NOT NULL,
    subject TEXT NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (name, subject)
);
CREATE INDEX rates_until ON rates (until);

-- Writes that carry a key of their own, so that a repeated one does nothing.
CREATE TABLE retries (
    caller TEXT NOT NULL,
    key TEXT NOT NULL,
    request TEXT NOT NULL,
    object_kind TEXT NOT NULL,
    object TEXT NOT NULL,
    status BIGINT,
    body TEXT,
    at BIGINT NOT NULL,
    PRIMARY KEY (caller, key)
);
CREATE INDEX retries_at ON retries (at);

ALTER TABLE history ADD COLUMN what TEXT NOT NULL DEFAULT '';
ALTER TABLE history ADD COLUMN owner TEXT NOT NULL DEFAULT '';
ALTER TABLE history ADD COLUMN person TEXT NOT NULL DEFAULT '';
ALTER TABLE history ADD COLUMN visible BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX history_at ON history (at);
CREATE INDEX history_owner ON history (owner, at);
CREATE INDEX history_person ON history (person, at);

-- What administrators chose instead of the program's schedules.
ALTER TABLE job_schedules ADD COLUMN chosen TEXT NOT NULL DEFAULT '';
ALTER TABLE job_schedules ADD COLUMN disabled BOOLEAN NOT NULL DEFAULT FALSE;
