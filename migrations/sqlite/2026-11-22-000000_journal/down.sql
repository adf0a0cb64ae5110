DROP TABLE settings;
DROP TABLE requests;
DROP TABLE journal;
DROP TABLE meta;
PRAGMA application_id = 0;
