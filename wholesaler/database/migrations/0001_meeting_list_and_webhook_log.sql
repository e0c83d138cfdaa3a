-- Both come with Postgres and need no superuser: the owner of a database may create them.
CREATE EXTENSION IF NOT EXISTS pg_trgm;--> statement-breakpoint
CREATE EXTENSION IF NOT EXISTS btree_gin;--> statement-breakpoint
DROP INDEX "meetings_by_user";--> statement-breakpoint
DROP INDEX "webhook_deliveries_user";--> statement-breakpoint
ALTER TABLE "meetings" ADD COLUMN "expiry_told_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "webhook_endpoints" ADD COLUMN "previous_secrets" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX "bot_runs_container_name" ON "bot_runs" USING btree ("container_name");--> statement-breakpoint
CREATE INDEX "bot_runs_open" ON "bot_runs" USING btree ("meeting_id") WHERE "bot_runs"."ended_at" is null;--> statement-breakpoint
CREATE INDEX "meetings_list" ON "meetings" USING btree ("user_id","created_at","id");--> statement-breakpoint
CREATE INDEX "meetings_list_status" ON "meetings" USING btree ("user_id","status","created_at","id");--> statement-breakpoint
CREATE INDEX "meetings_list_platform" ON "meetings" USING btree ("user_id","platform","created_at","id");--> statement-breakpoint
CREATE INDEX "meetings_search" ON "meetings" USING gin ("user_id",(lower("platform_specific_id" || ' ' || coalesce("data"->>'name', '') || ' ' || coalesce("data"->>'participants', ''))) gin_trgm_ops);--> statement-breakpoint
CREATE INDEX "meetings_live" ON "meetings" USING btree ("id") WHERE "meetings"."status" not in ('completed', 'failed');--> statement-breakpoint
CREATE INDEX "meetings_kept" ON "meetings" USING btree ("end_time") WHERE "meetings"."status" in ('completed', 'failed') and "meetings"."redacted_at" is null;--> statement-breakpoint
CREATE INDEX "webhook_deliveries_dead" ON "webhook_deliveries" USING btree ("created_at","id") WHERE "webhook_deliveries"."status" = 'dead';--> statement-breakpoint
CREATE INDEX "webhook_deliveries_settled" ON "webhook_deliveries" USING btree ("created_at") WHERE "webhook_deliveries"."status" <> 'pending';--> statement-breakpoint
CREATE INDEX "webhook_deliveries_user" ON "webhook_deliveries" USING btree ("user_id","created_at","id");