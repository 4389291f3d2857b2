-- +goose Up
-- Pages list the files of a dataset by their types: the count and any page of
-- a type take the same time in a dataset of 15,000 files as in one of 15.

INSERT INTO compatibility (migration, oldest) VALUES (3, 1);

CREATE INDEX resources_type ON resources (dataset_id, community, type, rank);
