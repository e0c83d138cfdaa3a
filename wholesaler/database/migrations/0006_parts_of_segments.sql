ALTER TABLE "transcriptions" ADD COLUMN "words" jsonb;--> statement-breakpoint
ALTER TABLE "transcriptions" ADD COLUMN "parts" jsonb;