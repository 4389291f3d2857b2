-- +goose Up
-- The organizations attached to a territory are found by it.

INSERT INTO compatibility (migration, oldest) VALUES (8, 1);

CREATE INDEX organizations_zone ON organizations (zone) WHERE zone IS NOT NULL;
