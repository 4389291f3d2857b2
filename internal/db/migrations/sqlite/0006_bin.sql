-- +goose Up
-- Topics, posts and community resources that were deleted: they leave their
-- tables, so that nothing shows them, and stay here whole until they are brought
-- back or purged.

INSERT INTO compatibility (migration, oldest) VALUES (6, 1);

CREATE TABLE bin (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    version INTEGER NOT NULL,
    title TEXT NOT NULL,
    slug TEXT NOT NULL,
    organization_id TEXT,
    owner_id TEXT,
    dataset_id TEXT,
    private INTEGER NOT NULL,
    deleted_at INTEGER NOT NULL,
    content TEXT NOT NULL
) STRICT;
CREATE INDEX bin_kind ON bin (kind, deleted_at);
CREATE INDEX bin_dataset ON bin (dataset_id) WHERE dataset_id IS NOT NULL;
CREATE INDEX bin_organization ON bin (organization_id) WHERE organization_id IS NOT NULL;
