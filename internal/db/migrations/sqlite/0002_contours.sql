-- +goose Up
-- Contours of zones in the compact form of package shape.

INSERT INTO compatibility (migration, oldest) VALUES (2, 1);

CREATE TABLE contours (
    zone TEXT PRIMARY KEY,
    shape BLOB NOT NULL
) STRICT;
