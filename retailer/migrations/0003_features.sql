CREATE TABLE "transcript_shares" (
	"id_hash" text PRIMARY KEY NOT NULL,
	"meeting_id" integer NOT NULL,
	"user_id" integer NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "meetings" ADD COLUMN "model_identifier" text DEFAULT 'default' NOT NULL;--> statement-breakpoint
ALTER TABLE "transcriptions" ADD COLUMN "holders" integer[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "transcriptions" ADD COLUMN "search" "tsvector" GENERATED ALWAYS AS (to_tsvector('simple', "text")) STORED;--> statement-breakpoint
ALTER TABLE "user_meetings" ADD COLUMN "speech_seconds" double precision DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX "transcript_shares_by_meeting" ON "transcript_shares" USING btree ("meeting_id");--> statement-breakpoint
CREATE INDEX "transcript_shares_by_end" ON "transcript_shares" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "transcriptions_search" ON "transcriptions" USING gin ("holders","search");--> statement-breakpoint
UPDATE "transcriptions" t SET "holders" = coalesce((SELECT array_agg(um.user_id) FROM "user_meetings" um WHERE um.meeting_id = t.meeting_id AND um.deleted_at IS NULL), '{}');--> statement-breakpoint
UPDATE "user_meetings" um SET "speech_seconds" = coalesce((SELECT sum(t.end_time - t.start_time) FROM "transcriptions" t WHERE t.meeting_id = um.meeting_id), 0);
