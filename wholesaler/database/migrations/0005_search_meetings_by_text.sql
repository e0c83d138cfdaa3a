DROP INDEX "meetings_search";--> statement-breakpoint
CREATE INDEX "meetings_search" ON "meetings" USING gin ((lower("platform_specific_id" || ' ' || coalesce("data"->>'name', '') || ' ' || coalesce("data"->>'participants', ''))) gin_trgm_ops);--> statement-breakpoint
DROP EXTENSION IF EXISTS btree_gin;