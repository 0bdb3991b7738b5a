-- Roles and grants for Walbrook in one PostgreSQL database. Run it as a superuser, in that database, with psql:
--
--     psql -d shop -f config/roles.sql
--     psql -d shop -f config/roles.sql -v schema=sales -v publication=walbrook_sales
--
-- It may be run again, and has to be where tables have come since: the publication then holds them too.
-- Afterwards give the run role its password (in psql: \password walbrook) and let it in with scram-sha-256 in
-- pg_hba.conf, for the database itself: Walbrook's replication is logical, so a line for `replication` is not needed.
-- In walbrook.toml:
--
--     publication = "walbrook_shop"
--     publication_mode = "existing"
--
-- The server needs wal_level = logical. On Amazon RDS roles cannot be given REPLICATION: leave that word out and run
-- GRANT rds_replication TO walbrook, walbrook_setup;

\set ON_ERROR_STOP on
\if :{?schema} \else \set schema public \endif
\if :{?publication} \else \set publication walbrook_shop \endif
\if :{?run} \else \set run walbrook \endif
\if :{?setup} \else \set setup walbrook_setup \endif

BEGIN;

-- The set-up role: a person's, not the daemon's. It owns the publication, and may drop the slot of a connector that is
-- given up (an abandoned slot keeps the server's log). Nobody logs in as it: SET ROLE walbrook_setup.
SELECT format('CREATE ROLE %I NOLOGIN', :'setup')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'setup') \gexec
ALTER ROLE :"setup" REPLICATION;
SELECT format('GRANT CREATE ON DATABASE %I TO %I', current_database(), :'setup') \gexec

-- The run role: what the daemon logs in as. It reads rows and the log, creates its own slot, and writes nothing. The
-- slot is not created here: one that nothing is stored about is taken for somebody else's (WB-PG-080).
-- REPLICATION lets a role read the log of every database of the server: guard its password accordingly.
SELECT format('CREATE ROLE %I LOGIN', :'run')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'run') \gexec
ALTER ROLE :"run" REPLICATION;
SELECT format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), :'run') \gexec
GRANT USAGE ON SCHEMA :"schema" TO :"run";
GRANT SELECT ON ALL TABLES IN SCHEMA :"schema" TO :"run";

-- Tables that are created later may be read too, whoever of today's owners creates them.
SELECT DISTINCT format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %I GRANT SELECT ON TABLES TO %I',
                       pg_get_userbyid(relowner), :'schema', :'run')
FROM pg_class WHERE relnamespace = :'schema'::regnamespace AND relkind IN ('r', 'p') \gexec

-- The publication: every ordinary table of the schema; partitions are sent through their root. Name the tables yourself
-- where you want fewer. Only the owner of a table can add it later; a superuser can, and so can this file.
SELECT format('CREATE PUBLICATION %I', :'publication')
WHERE NOT EXISTS (SELECT FROM pg_publication WHERE pubname = :'publication') \gexec
SELECT format('ALTER PUBLICATION %I ADD TABLE ONLY %I.%I', :'publication', :'schema', c.relname)
FROM pg_class c
WHERE c.relnamespace = :'schema'::regnamespace AND c.relkind IN ('r', 'p')
  AND NOT c.relispartition AND c.relpersistence = 'p'
  AND NOT EXISTS (SELECT FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid
                  WHERE r.prrelid = c.oid AND p.pubname = :'publication')
ORDER BY c.relname \gexec
ALTER PUBLICATION :"publication" OWNER TO :"setup";

COMMIT;

-- Look at these: once a table without a replica identity is published, the server refuses its updates and deletes.
-- A primary key mends it, or ALTER TABLE … REPLICA IDENTITY FULL.
\echo Tables without a replica identity:
SELECT c.oid::regclass AS "table"
FROM pg_class c
WHERE c.relnamespace = :'schema'::regnamespace AND c.relkind = 'r' AND c.relpersistence = 'p'
  AND NOT CASE c.relreplident
        WHEN 'f' THEN true
        WHEN 'n' THEN false
        WHEN 'i' THEN EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisreplident)
        ELSE EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)
      END
ORDER BY 1;
