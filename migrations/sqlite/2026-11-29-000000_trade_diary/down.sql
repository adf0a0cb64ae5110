DROP TABLE trade_edits;
DROP TABLE trade_tags;
DROP TABLE trade_notes;
