-- +goose Up
-- Who looks after a whole site counts and searches all its datasets, and goes
-- through all that happened, the latest first: what is read of each row stands
-- in the index, in the order of the list.

INSERT INTO compatibility (migration, oldest) VALUES (5, 1);

CREATE INDEX datasets_there ON datasets (created_internal, id, title_fold, private, archived_at) WHERE deleted_at IS NULL;

CREATE INDEX history_recent ON history (at DESC, object, version DESC);
DROP INDEX history_at;
