-- +goose Up
-- Who looks after a whole site or a large organisation counts and searches its
-- datasets, and goes through all that happened, the latest first: what is read
-- of each row stands in the index, in the order of the list.

INSERT INTO compatibility (migration, oldest) VALUES (5, 1);

CREATE INDEX datasets_there ON datasets (created_internal, id, title_fold, private, archived_at) WHERE deleted_at IS NULL;
-- With deleted_at, which is always null in them, these hold all that is asked:
-- SQLite takes them for the lists of an organisation by that alone.
CREATE INDEX datasets_kept ON datasets (organization_id, created_internal, id, private, archived_at, publish_at, deleted_at) WHERE deleted_at IS NULL;
CREATE INDEX datasets_kept_title ON datasets (organization_id, title_fold, id, created_internal, deleted_at) WHERE deleted_at IS NULL;
CREATE INDEX datasets_archived ON datasets (created_internal, id) WHERE archived_at IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX datasets_private ON datasets (created_internal, id) WHERE private = TRUE AND deleted_at IS NULL;
CREATE INDEX datasets_overdue ON datasets (frequency, last_update, created_internal, id) WHERE deleted_at IS NULL AND archived_at IS NULL;

CREATE INDEX history_recent ON history (at DESC, object, version DESC);
DROP INDEX history_at;
