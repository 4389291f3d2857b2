-- +goose Up
-- Moments are microseconds since 1970 UTC; JSON is text; columns have no
-- defaults, every value comes from the program.

CREATE TABLE compatibility (
    migration BIGINT PRIMARY KEY,
    oldest BIGINT NOT NULL
);
INSERT INTO compatibility (migration, oldest) VALUES (1, 1);

CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE events (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    object_kind TEXT NOT NULL,
    object TEXT NOT NULL,
    owner TEXT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    version BIGINT NOT NULL,
    seen_before BOOLEAN NOT NULL,
    seen_after BOOLEAN NOT NULL,
    fields TEXT NOT NULL
);
CREATE INDEX events_object ON events (object, seq);
CREATE INDEX events_at ON events (at);

CREATE TABLE history (
    object TEXT NOT NULL,
    version BIGINT NOT NULL,
    object_kind TEXT NOT NULL,
    at BIGINT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    difference TEXT,
    PRIMARY KEY (object, version)
);

CREATE TABLE jobs (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind TEXT NOT NULL,
    unique_key TEXT,
    args TEXT NOT NULL,
    state TEXT NOT NULL,
    priority BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    max_attempts BIGINT NOT NULL,
    run_at BIGINT NOT NULL,
    node TEXT,
    lease_until BIGINT,
    cancel BOOLEAN NOT NULL,
    percent BIGINT,
    progress TEXT,
    last_error TEXT,
    created_at BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE INDEX jobs_ready ON jobs (priority, run_at, id) WHERE state = 'ready';
CREATE INDEX jobs_running ON jobs (lease_until) WHERE state = 'running';
CREATE INDEX jobs_finished ON jobs (finished_at) WHERE finished_at IS NOT NULL;
CREATE UNIQUE INDEX jobs_unique ON jobs (kind, unique_key) WHERE state IN ('ready', 'running') AND unique_key IS NOT NULL;
CREATE TABLE job_schedules (
    kind TEXT PRIMARY KEY,
    cron TEXT NOT NULL,
    next_run BIGINT NOT NULL
);

-- People and organisations.

CREATE TABLE users (
    id TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    slug TEXT NOT NULL UNIQUE,
    email TEXT UNIQUE,
    password TEXT,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    name_fold TEXT COLLATE "C" NOT NULL,
    active BOOLEAN NOT NULL,
    admin BOOLEAN NOT NULL,
    avatar TEXT,
    avatar_thumbnail TEXT,
    website TEXT,
    about TEXT,
    language TEXT,
    created_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL,
    confirmed_at BIGINT,
    last_login_at BIGINT,
    password_rotation_demanded BIGINT,
    password_rotation_performed BIGINT,
    deleted_at BIGINT,
    datasets BIGINT NOT NULL,
    reuses BIGINT NOT NULL,
    dataservices BIGINT NOT NULL,
    following BIGINT NOT NULL,
    followers BIGINT NOT NULL
);
CREATE INDEX users_created ON users (created_at);

CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    hash TEXT NOT NULL UNIQUE,
    prefix TEXT NOT NULL,
    name TEXT,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    revoked_at BIGINT,
    expires_at BIGINT
);
CREATE INDEX tokens_user ON tokens (user_id);
CREATE TABLE token_agents (
    token_id TEXT NOT NULL REFERENCES tokens (id) ON DELETE CASCADE,
    agent TEXT NOT NULL,
    PRIMARY KEY (token_id, agent)
);

CREATE TABLE organizations (
    id TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_fold TEXT COLLATE "C" NOT NULL,
    acronym TEXT,
    url TEXT,
    image_url TEXT,
    logo TEXT,
    logo_thumbnail TEXT,
    business_number_id TEXT,
    zone TEXT,
    public_service BOOLEAN NOT NULL,
    certified BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL,
    given_modified_at BIGINT,
    deleted_at BIGINT,
    presentation_blocs TEXT,
    presentation_blocs_published_at BIGINT,
    datasets BIGINT NOT NULL,
    reuses BIGINT NOT NULL,
    dataservices BIGINT NOT NULL,
    members BIGINT NOT NULL,
    followers BIGINT NOT NULL,
    views BIGINT NOT NULL,
    dataset_followers BIGINT NOT NULL,
    dataset_reuses BIGINT NOT NULL,
    by_months TEXT,
    extras TEXT,
    description TEXT NOT NULL
);
CREATE INDEX organizations_created ON organizations (created_at);
CREATE INDEX organizations_name ON organizations (name_fold);
CREATE INDEX organizations_business ON organizations (business_number_id);

CREATE TABLE members (
    organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    since BIGINT,
    label TEXT,
    position BIGINT NOT NULL,
    PRIMARY KEY (organization_id, user_id)
);
CREATE INDEX members_user ON members (user_id);

CREATE TABLE assignments (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    object_kind TEXT NOT NULL,
    object_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (user_id, object_id)
);

CREATE TABLE former_names (
    object_id TEXT NOT NULL,
    name TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (object_id, name)
);

CREATE TABLE follows (
    id TEXT PRIMARY KEY,
    object_kind TEXT NOT NULL,
    object_id TEXT NOT NULL,
    follower_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    since BIGINT NOT NULL,
    until BIGINT
);
CREATE INDEX follows_object ON follows (object_id, since);
CREATE INDEX follows_follower ON follows (follower_id, object_kind);
CREATE UNIQUE INDEX follows_once ON follows (follower_id, object_id) WHERE until IS NULL;

-- What every kind of object has: former slugs, tags, badges, zones.

CREATE TABLE slugs (
    kind TEXT NOT NULL,
    slug TEXT NOT NULL,
    object_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (kind, slug)
);
CREATE INDEX slugs_object ON slugs (object_id);

CREATE TABLE tags (
    object_id TEXT NOT NULL,
    tag TEXT COLLATE "C" NOT NULL,
    kind TEXT NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (object_id, tag)
);
CREATE INDEX tags_tag ON tags (tag, kind, object_id);

CREATE TABLE badges (
    object_id TEXT NOT NULL,
    badge TEXT NOT NULL,
    kind TEXT NOT NULL,
    created_at BIGINT,
    created_by TEXT,
    position BIGINT NOT NULL,
    PRIMARY KEY (object_id, badge)
);
CREATE INDEX badges_badge ON badges (badge, kind, object_id);

CREATE TABLE object_zones (
    object_id TEXT NOT NULL,
    zone TEXT NOT NULL,
    kind TEXT NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (object_id, zone)
);
CREATE INDEX object_zones_zone ON object_zones (zone, kind, object_id);

CREATE TABLE zones (
    id TEXT PRIMARY KEY,
    level TEXT NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    uri TEXT NOT NULL,
    population BIGINT NOT NULL,
    parents TEXT NOT NULL,
    aliases TEXT NOT NULL,
    postal_codes TEXT NOT NULL,
    former TEXT NOT NULL,
    extent TEXT NOT NULL
);

CREATE TABLE contact_points (
    id TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    name TEXT NOT NULL,
    email TEXT,
    contact_form TEXT,
    role TEXT NOT NULL,
    organization_id TEXT REFERENCES organizations (id),
    owner_id TEXT REFERENCES users (id),
    created_at BIGINT NOT NULL
);
CREATE INDEX contact_points_organization ON contact_points (organization_id);
CREATE INDEX contact_points_owner ON contact_points (owner_id);
CREATE TABLE object_contacts (
    object_id TEXT NOT NULL,
    contact_id TEXT NOT NULL REFERENCES contact_points (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    PRIMARY KEY (object_id, contact_id)
);
CREATE INDEX object_contacts_contact ON object_contacts (contact_id);

CREATE TABLE licenses (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    maintainer TEXT,
    url TEXT,
    flags TEXT NOT NULL,
    alternate_urls TEXT NOT NULL,
    alternate_titles TEXT NOT NULL,
    position BIGINT NOT NULL
);

CREATE TABLE sites (
    id TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    title TEXT NOT NULL,
    keywords TEXT NOT NULL,
    feed_size BIGINT NOT NULL,
    metrics TEXT NOT NULL,
    datasets_blocs TEXT NOT NULL,
    reuses_blocs TEXT NOT NULL,
    dataservices_blocs TEXT NOT NULL
);

-- The catalogue.

CREATE TABLE datasets (
    id TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    slug TEXT NOT NULL UNIQUE,
    organization_id TEXT REFERENCES organizations (id),
    owner_id TEXT REFERENCES users (id),
    private BOOLEAN NOT NULL,
    visible BOOLEAN NOT NULL,
    featured BOOLEAN NOT NULL,
    created_internal BIGINT NOT NULL,
    modified_internal BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL,
    last_update BIGINT NOT NULL,
    archived_at BIGINT,
    deleted_at BIGINT,
    title TEXT NOT NULL,
    title_fold TEXT COLLATE "C" NOT NULL,
    acronym TEXT,
    description_short TEXT,
    frequency TEXT,
    frequency_date BIGINT,
    license TEXT REFERENCES licenses (id),
    access_type TEXT NOT NULL,
    access_audiences TEXT,
    authorization_request_url TEXT,
    access_type_reason_category TEXT,
    access_type_reason TEXT,
    temporal_start TEXT,
    temporal_end TEXT,
    granularity TEXT,
    has_spatial BOOLEAN NOT NULL,
    schema_name TEXT,
    schema_version TEXT,
    schema_url TEXT,
    resources BIGINT NOT NULL,
    main_resources BIGINT NOT NULL,
    open_format BOOLEAN NOT NULL,
    all_available BOOLEAN NOT NULL,
    documented BOOLEAN NOT NULL,
    description_length BIGINT NOT NULL,
    contacts BIGINT NOT NULL,
    discussions BIGINT NOT NULL,
    discussions_open BIGINT NOT NULL,
    reuses BIGINT NOT NULL,
    dataservices BIGINT NOT NULL,
    followers BIGINT NOT NULL,
    views BIGINT NOT NULL,
    downloads BIGINT,
    reuses_by_months TEXT,
    followers_by_months TEXT,
    description TEXT NOT NULL
);
CREATE INDEX datasets_visible ON datasets (visible, created_internal);
CREATE INDEX datasets_updated ON datasets (visible, last_update);
CREATE INDEX datasets_title ON datasets (visible, title_fold);
CREATE INDEX datasets_views ON datasets (visible, views);
CREATE INDEX datasets_followers ON datasets (visible, followers);
CREATE INDEX datasets_reuses ON datasets (visible, reuses);
CREATE INDEX datasets_organization ON datasets (organization_id, visible, created_internal);
CREATE INDEX datasets_owner ON datasets (owner_id, visible, created_internal);
CREATE INDEX datasets_created ON datasets (created_internal);

CREATE TABLE extras (
    object_id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    extras TEXT NOT NULL
);

CREATE TABLE harvests (
    object_id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    backend TEXT,
    domain TEXT,
    source_id TEXT,
    source_url TEXT,
    remote_id TEXT,
    remote_url TEXT,
    uri TEXT,
    dct_identifier TEXT,
    created_at BIGINT,
    issued_at BIGINT,
    modified_at BIGINT,
    last_update BIGINT,
    archived_at BIGINT,
    archived TEXT
);
CREATE INDEX harvests_remote ON harvests (domain, remote_id);

-- What an import gave and rows cannot say, until the next write of the object:
-- numbers about resources whose rows never came, a score, names of zones.
CREATE TABLE given (
    object_id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    modified_at BIGINT,
    cells TEXT NOT NULL
);

CREATE TABLE formats (
    dataset_id TEXT NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
    format TEXT NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (dataset_id, format)
);
CREATE INDEX formats_format ON formats (format, dataset_id);

CREATE TABLE resources (
    id TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    dataset_id TEXT REFERENCES datasets (id) ON DELETE CASCADE,
    community BOOLEAN NOT NULL,
    rank BIGINT NOT NULL,
    organization_id TEXT REFERENCES organizations (id),
    owner_id TEXT REFERENCES users (id),
    title TEXT NOT NULL,
    title_fold TEXT COLLATE "C" NOT NULL,
    filetype TEXT NOT NULL,
    type TEXT NOT NULL,
    format TEXT,
    mime TEXT,
    filesize BIGINT,
    url TEXT NOT NULL,
    checksum_type TEXT,
    checksum_value TEXT,
    created_internal BIGINT NOT NULL,
    modified_internal BIGINT NOT NULL,
    harvest_issued_at BIGINT,
    harvest_modified_at BIGINT,
    harvest_last_update BIGINT,
    harvest_uri TEXT,
    analysed_modified_at BIGINT,
    available BOOLEAN,
    preview BOOLEAN NOT NULL,
    schema_name TEXT,
    schema_version TEXT,
    schema_url TEXT,
    views BIGINT,
    description TEXT,
    extras TEXT
);
CREATE INDEX resources_dataset ON resources (dataset_id, community, rank, id);
CREATE INDEX resources_community ON resources (created_internal) WHERE community;
CREATE INDEX resources_schema ON resources (schema_name, dataset_id) WHERE schema_name IS NOT NULL;

CREATE TABLE reuses (
    id TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    slug TEXT NOT NULL UNIQUE,
    organization_id TEXT REFERENCES organizations (id),
    owner_id TEXT REFERENCES users (id),
    title TEXT NOT NULL,
    title_fold TEXT COLLATE "C" NOT NULL,
    type TEXT NOT NULL,
    topic TEXT NOT NULL,
    url TEXT NOT NULL,
    url_hash TEXT NOT NULL,
    image TEXT,
    image_thumbnail TEXT,
    private BOOLEAN NOT NULL,
    featured BOOLEAN,
    visible BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL,
    archived_at BIGINT,
    deleted_at BIGINT,
    datasets BIGINT NOT NULL,
    discussions BIGINT NOT NULL,
    discussions_open BIGINT NOT NULL,
    followers BIGINT NOT NULL,
    views BIGINT NOT NULL,
    followers_by_months TEXT,
    description TEXT NOT NULL
);
CREATE INDEX reuses_created ON reuses (created_at);
CREATE INDEX reuses_organization ON reuses (organization_id);
CREATE INDEX reuses_owner ON reuses (owner_id);
CREATE INDEX reuses_url ON reuses (url_hash);
CREATE TABLE reuse_datasets (
    reuse_id TEXT NOT NULL REFERENCES reuses (id) ON DELETE CASCADE,
    dataset_id TEXT NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (reuse_id, dataset_id)
);
CREATE INDEX reuse_datasets_dataset ON reuse_datasets (dataset_id);
CREATE TABLE reuse_dataservices (
    reuse_id TEXT NOT NULL REFERENCES reuses (id) ON DELETE CASCADE,
    dataservice_id TEXT NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (reuse_id, dataservice_id)
);
CREATE INDEX reuse_dataservices_dataservice ON reuse_dataservices (dataservice_id);

CREATE TABLE dataservices (
    id TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    slug TEXT NOT NULL UNIQUE,
    organization_id TEXT REFERENCES organizations (id),
    owner_id TEXT REFERENCES users (id),
    title TEXT NOT NULL,
    title_fold TEXT COLLATE "C" NOT NULL,
    acronym TEXT,
    base_api_url TEXT,
    machine_documentation_url TEXT,
    technical_documentation_url TEXT,
    business_documentation_url TEXT,
    rate_limiting TEXT,
    rate_limiting_url TEXT,
    availability DOUBLE PRECISION,
    availability_url TEXT,
    format TEXT,
    license TEXT REFERENCES licenses (id),
    access_type TEXT NOT NULL,
    access_audiences TEXT,
    authorization_request_url TEXT,
    access_type_reason_category TEXT,
    access_type_reason TEXT,
    private BOOLEAN NOT NULL,
    featured BOOLEAN,
    visible BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL,
    archived_at BIGINT,
    deleted_at BIGINT,
    datasets BIGINT NOT NULL,
    discussions BIGINT NOT NULL,
    discussions_open BIGINT NOT NULL,
    followers BIGINT NOT NULL,
    reuses BIGINT NOT NULL,
    views BIGINT NOT NULL,
    followers_by_months TEXT,
    description TEXT NOT NULL
);
CREATE INDEX dataservices_created ON dataservices (visible, created_at);
CREATE INDEX dataservices_organization ON dataservices (organization_id);
CREATE INDEX dataservices_owner ON dataservices (owner_id);
CREATE TABLE dataservice_datasets (
    dataservice_id TEXT NOT NULL REFERENCES dataservices (id) ON DELETE CASCADE,
    dataset_id TEXT NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (dataservice_id, dataset_id)
);
CREATE INDEX dataservice_datasets_dataset ON dataservice_datasets (dataset_id);

CREATE TABLE topics (
    id TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    slug TEXT NOT NULL UNIQUE,
    organization_id TEXT REFERENCES organizations (id),
    owner_id TEXT REFERENCES users (id),
    name TEXT NOT NULL,
    name_fold TEXT COLLATE "C" NOT NULL,
    description TEXT,
    color BIGINT,
    featured BOOLEAN NOT NULL,
    private BOOLEAN,
    granularity TEXT,
    has_spatial BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL
);
CREATE TABLE topic_elements (
    id TEXT PRIMARY KEY,
    topic_id TEXT NOT NULL REFERENCES topics (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    title TEXT,
    title_fold TEXT COLLATE "C" NOT NULL,
    description TEXT,
    element_kind TEXT,
    element_id TEXT
);
CREATE INDEX topic_elements_topic ON topic_elements (topic_id, position);
CREATE INDEX topic_elements_element ON topic_elements (element_id);

-- Shapes drawn for a coverage, as GeoJSON.
CREATE TABLE coverages (
    object_id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    geometry TEXT NOT NULL
);

CREATE TABLE posts (
    id TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_fold TEXT COLLATE "C" NOT NULL,
    headline TEXT,
    owner_id TEXT REFERENCES users (id),
    image_url TEXT,
    image TEXT,
    image_thumbnail TEXT,
    credit_to TEXT,
    credit_url TEXT,
    kind TEXT NOT NULL,
    body_type TEXT NOT NULL,
    published_at BIGINT,
    created_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL,
    content TEXT,
    blocs TEXT NOT NULL
);
CREATE INDEX posts_published ON posts (published_at);
CREATE TABLE post_datasets (
    post_id TEXT NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
    dataset_id TEXT NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (post_id, dataset_id)
);
CREATE TABLE post_reuses (
    post_id TEXT NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
    reuse_id TEXT NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (post_id, reuse_id)
);
