-- +goose Up
-- The few datasets put forward are found without reading the others.

INSERT INTO compatibility (migration, oldest) VALUES (9, 1);

CREATE INDEX datasets_featured ON datasets (visible, last_update, id) WHERE featured = TRUE;
