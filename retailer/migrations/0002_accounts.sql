ALTER TABLE "plans" ADD COLUMN "updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL;--> statement-breakpoint
ALTER TABLE "user_plans" ADD COLUMN "renews" text;--> statement-breakpoint
ALTER TABLE "user_plans" ADD COLUMN "updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL;--> statement-breakpoint
CREATE INDEX "api_tokens_by_user" ON "api_tokens" USING btree ("user_id","id");--> statement-breakpoint
CREATE INDEX "idempotency_keys_age" ON "idempotency_keys" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "referral_data_by_user" ON "referral_data" USING btree ("user_id","id");--> statement-breakpoint
CREATE INDEX "user_plans_by_plan" ON "user_plans" USING btree ("plan_id");