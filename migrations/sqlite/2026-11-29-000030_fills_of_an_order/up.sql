-- The fills of one order, for its explanation.
CREATE INDEX fills_client_id ON fills (client_id, seq);
