import type { CompletionReason, MeetingStatus } from '@vexa/shared/contracts/meeting';
import { liveStatuses } from '@vexa/shared/contracts/meeting-lifecycle';
import type { Db } from '@vexa/shared/db/client';
import { watchGauge } from '@vexa/shared/http/metrics';
import { sql } from 'drizzle-orm';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export interface LifecycleMetrics {
  botStarted(why: 'request' | 'replacement'): void;
  botRefused(code: string): void;
  meetingFinished(meeting: {
    status: MeetingStatus;
    completionReason: CompletionReason;
    incomplete: boolean;
    /** From the bot's end until the collector had everything. */
    barrierMs: number;
  }): void;
  /** A step that was taken because rows and bots did not agree, or time was up. */
  reconciled(step: string): void;
}

/** For what is of no interest to an operator. */
export const unmeasured: LifecycleMetrics = {
  botStarted: () => {},
  botRefused: () => {},
  meetingFinished: () => {},
  reconciled: () => {},
};

/** The figures of meetings and bots that an operator looks at; live meetings are counted when they are asked for. */
export function measureLifecycle(registry: Registry, db: Db): LifecycleMetrics {
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter({ name, help, labelNames, registers });
  const started = counter('vexa_bots_started_total', 'Bots started, by what asked for them.', ['why']);
  const refused = counter('vexa_bot_refusals_total', 'Requests for a bot that were refused.', ['code']);
  refused.inc({ code: 'no_capacity' }, 0); // so that the first one shows as an increase
  const finished = counter('vexa_meetings_finished_total', 'Meetings that ended, and how.', ['status', 'reason']);
  const incomplete = counter('vexa_meetings_incomplete_total', 'Meetings whose last words may be missing.', []);
  const steps = counter('vexa_reconciler_steps_total', 'Steps by which rows and bots were made to agree.', ['step']);
  const barrier = new Histogram({
    name: 'vexa_finish_barrier_seconds',
    help: "From a bot's end until everything it heard was stored.",
    buckets: [0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900],
    registers,
  });
  new Gauge({
    name: 'vexa_meetings_live',
    help: 'Meetings that have not ended, by status.',
    labelNames: ['status'] as const,
    registers,
    async collect() {
      const rows = await db.execute<{ status: string; count: number }>(sql`select status, count(*)::int as count
        from meetings where status not in ('completed', 'failed') group by status`);
      const counts = new Map(rows.map(({ status, count }) => [status, count]));
      for (const status of liveStatuses) this.set({ status }, counts.get(status) ?? 0);
    },
  });
  watchGauge(registry, 'vexa_bots_running', 'Bots that have not ended.', async () => {
    const [row] = await db.execute<{ count: number }>(
      sql`select count(*)::int as count from bot_runs where ended_at is null`,
    );
    return row?.count ?? 0;
  });
  return {
    botStarted: (why) => started.inc({ why }),
    botRefused: (code) => refused.inc({ code }),
    meetingFinished(meeting) {
      finished.inc({ status: meeting.status, reason: meeting.completionReason });
      if (meeting.incomplete) incomplete.inc();
      barrier.observe(meeting.barrierMs / 1_000);
    },
    reconciled: (step) => steps.inc({ step }),
  };
}
