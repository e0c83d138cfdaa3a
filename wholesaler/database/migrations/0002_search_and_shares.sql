CREATE TABLE "transcript_shares" (
	"id_hash" text PRIMARY KEY NOT NULL,
	"meeting_id" integer NOT NULL,
	"user_id" integer NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "transcriptions" ADD COLUMN "user_id" integer;--> statement-breakpoint
UPDATE "transcriptions" SET "user_id" = "meetings"."user_id" FROM "meetings" WHERE "meetings"."id" = "transcriptions"."meeting_id";--> statement-breakpoint
ALTER TABLE "transcriptions" ADD COLUMN "search" "tsvector" GENERATED ALWAYS AS (to_tsvector('simple', "text")) STORED;--> statement-breakpoint
CREATE INDEX "transcript_shares_by_meeting" ON "transcript_shares" USING btree ("meeting_id");--> statement-breakpoint
CREATE INDEX "transcript_shares_by_end" ON "transcript_shares" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "transcriptions_search" ON "transcriptions" USING gin ("user_id","search");