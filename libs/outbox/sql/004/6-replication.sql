-- A publication FOR ALL TABLES refuses to delete rows that it cannot tell apart, and these tables have no key: nothing would leave
-- them. With wal_level = logical, and only then, the old row is logged when it is deleted.
ALTER TABLE jobstream.outbox_0 REPLICA IDENTITY FULL;
ALTER TABLE jobstream.outbox_1 REPLICA IDENTITY FULL;
ALTER TABLE jobstream.outbox_2 REPLICA IDENTITY FULL;
ALTER TABLE jobstream.outbox_3 REPLICA IDENTITY FULL;
ALTER TABLE jobstream.outbox_deferred REPLICA IDENTITY FULL;
ALTER TABLE jobstream.outbox_rejected REPLICA IDENTITY FULL;
