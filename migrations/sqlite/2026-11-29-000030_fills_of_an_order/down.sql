DROP INDEX fills_client_id;
