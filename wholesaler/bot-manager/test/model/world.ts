import type { SessionClaims } from '@vexa/shared/auth/session-token';
import type { BotCallback } from '@vexa/shared/contracts/bot';
import { StartBotRequest } from '@vexa/shared/contracts/meeting';
import { ServiceError } from '@vexa/shared/errors';
import { createLogger } from '@vexa/shared/logging';
import { setWebhookEndpoint } from '@vexa/shared/webhooks/endpoint';
import { meetings, users, webhookDeliveries } from '@vexa/wholesaler-database/schema';
import { asc, eq } from 'drizzle-orm';
import { listRuns } from '../../src/bots/bot-run-store.ts';
import { recordCallback } from '../../src/bots/record-callback.ts';
import { startBot } from '../../src/bots/start-bot.ts';
import { stopBot } from '../../src/bots/stop-bot.ts';
import { Turns } from '../../src/bots/turns.ts';
import { finishMeeting } from '../../src/finish/finish-meeting.ts';
import { listLiveMeetingIds } from '../../src/meetings/meeting-store.ts';
import { unmeasured } from '../../src/metrics/lifecycle-metrics.ts';
import { createOrphanSweep } from '../../src/reconcile/end-orphans.ts';
import { reconcileMeeting } from '../../src/reconcile/reconcile-meeting.ts';
import { recordExit } from '../../src/reconcile/record-exit.ts';
import type { BotExit, BotSpec, Runner, RunningBot } from '../../src/runners/runner.ts';
import { defaultLimits } from '../default-limits.ts';
import { createFakeRunner } from '../fake-runner.ts';
import { nothingSaid, type Stores, twoSegments } from '../fixture.ts';
import { Life, mortalDb, ProcessDied } from './mortal-db.ts';

const logger = createLogger('model', process.env.TEST_LOG ? 'debug' : 'silent');
const drainMs = 5_000;

export type Report = Pick<BotCallback, 'status'> & Partial<BotCallback>;

/** One user's meetings on a real database, with bots that are only names, a clock that is set, and managers that die. */
export class World {
  readonly userId: number;
  /** Whether the collector says that it has everything. */
  drained = true;
  readonly #stores: Stores;
  readonly #runner = createFakeRunner();
  #now = new Date('2026-08-01T09:00:00Z').getTime();
  #manager: Manager;

  private constructor(stores: Stores, userId: number) {
    this.#stores = stores;
    this.userId = userId;
    this.#manager = this.#newManager();
  }

  static async create(stores: Stores, name: string): Promise<World> {
    const { db } = stores.connection;
    const [user] = await db.insert(users).values({ email: name, max_concurrent_bots: 50 }).returning();
    const endpoint = { userId: user!.id, webhook_url: 'http://127.0.0.1:9/', webhook_secret: 'a-secret-of-the-tests' };
    await setWebhookEndpoint({ db, allowedHosts: ['127.0.0.1'] }, endpoint);
    return new World(stores, user!.id);
  }

  get bots(): readonly BotSpec[] {
    return this.#runner.started;
  }

  start = (room: string) => this.#manager.run((m) => m.start(this.userId, room));
  stop = (room: string) => this.#manager.run((m) => m.stop(this.userId, room));
  report = (bot: BotSpec, report: Report) => this.#manager.run((m) => m.report(bot, report));
  tick = () => this.#manager.run((m) => m.tick());
  exit = (bot: BotSpec, code: number | null) => {
    this.#runner.end(bot.name, code);
    return this.#manager.run(async () => {});
  };
  refuseStarts(refuse: boolean): void {
    this.#runner.refuse = refuse ? new Error('no room') : undefined;
  }
  wait(ms: number): void {
    this.#now += ms;
  }

  /** Kills the manager within its next work, after so many steps of it; another takes its place afterwards. */
  killAfter(steps: number): void {
    this.#replaceManager(steps);
  }

  /** Another manager over the same database, at the same time. */
  rival = (work: 'tick' | 'stop', room: string) => {
    const rival = this.#newManager();
    return rival
      .run((m) => (work === 'tick' ? m.tick() : m.stop(this.userId, room)))
      .finally(() => rival[Symbol.dispose]());
  };

  /** Lets everything end that is under way: time passes and somebody looks. */
  async settle(): Promise<void> {
    this.refuseStarts(false);
    this.#replaceManager();
    for (let round = 0; round < 60; round++) {
      await this.tick();
      const { meetings: left } = await this.look();
      if (left.every(({ status }) => status === 'completed' || status === 'failed')) break;
      this.wait(20_000);
    }
    // What no run names is swept once it was seen for long enough.
    for (const ms of [0, 20_000, 20_000]) {
      this.wait(ms);
      await this.tick();
    }
  }

  async look() {
    const { db } = this.#stores.connection;
    const rows = await db.select().from(meetings).where(eq(meetings.user_id, this.userId)).orderBy(asc(meetings.id));
    const sent = await db.select().from(webhookDeliveries).where(eq(webhookDeliveries.user_id, this.userId));
    const runs = await Promise.all(rows.map(({ id }) => listRuns(db, id)));
    return {
      meetings: rows,
      runs: runs.flat(),
      events: sent.map(({ body }) => body),
      running: await this.#runner.list(),
    };
  }

  #replaceManager(steps?: number): void {
    this.#manager[Symbol.dispose]();
    this.#manager = this.#newManager(steps);
  }

  #newManager(steps?: number): Manager {
    return new Manager({
      stores: this.#stores,
      life: new Life(steps),
      runner: this.#runner,
      now: () => new Date(this.#now),
      drain: () => {
        this.#now += drainMs;
        return this.drained;
      },
      successor: () => this.#replaceManager(),
    });
  }
}

interface Circumstances {
  stores: Stores;
  life: Life;
  runner: Runner;
  now: () => Date;
  drain: () => boolean;
  successor: () => void;
}

/** What one process of the bot-manager does, a thing at a time. */
class Manager implements Disposable {
  readonly #deps;
  readonly #exits: BotExit[] = [];
  readonly #successor: () => void;
  readonly #sweep: (bots: RunningBot[]) => Promise<void>;
  readonly #watchingSince: Date;
  readonly #listener: Disposable;

  constructor({ stores, life, runner, now, drain, successor }: Circumstances) {
    const db = mortalDb(stores.connection.sql, life);
    this.#successor = successor;
    this.#listener = runner.onExit((exit) => this.#exits.push(exit));
    this.#deps = {
      db,
      now,
      logger,
      limits: defaultLimits,
      runner: mortalRunner(runner, life),
      metrics: unmeasured,
      announce: () => {},
      reconcile: () => {},
      commands: { send: async () => 1 },
      collector: {
        drain: async () => {
          life.step();
          return drain() ? twoSegments : { ...nothingSaid, open_sessions: ['left'] };
        },
      },
      pollMs: 0,
      sessionTokenSecret: 'session-secret-of-the-tests',
      bots: { whisperLiveUrl: 'ws://w', redisUrl: 'redis://r', callbackUrl: () => 'http://bot-manager/' },
      hosts: { meetingRoomUrl: 'http://room', jitsiUrl: 'http://jitsi' },
      models: { names: async () => ['tiny'] },
      turns: new Turns(),
      maxBots: undefined,
    };
    this.#sweep = createOrphanSweep(this.#deps);
    this.#watchingSince = now();
  }

  /** Does the work and what follows from it. A refusal is an answer, a death is survived by a successor. */
  async run(work: (manager: this) => Promise<unknown>): Promise<void> {
    try {
      await work(this).catch(expectRefusal);
      for (const exit of this.#exits.splice(0)) await recordExit(this.#deps, exit);
    } catch (error) {
      if (!(error instanceof ProcessDied) && !causedByDeath(error)) throw error;
      this.#successor();
    }
  }

  [Symbol.dispose](): void {
    this.#listener[Symbol.dispose]();
  }

  start(userId: number, room: string): Promise<unknown> {
    const request = StartBotRequest.parse({ platform: 'local', native_meeting_id: room });
    const identity = { user_id: userId, email: '', scopes: ['*' as const], max_concurrent_bots: 0, plan: null };
    return startBot(this.#deps, { identity, request });
  }

  stop = (userId: number, room: string): Promise<unknown> =>
    stopBot(this.#deps, { userId, platform: 'local', nativeId: room });

  report({ config }: BotSpec, report: Report): Promise<unknown> {
    const claims: SessionClaims = {
      meeting_id: config.meeting_id,
      user_id: 1,
      connection_id: config.connectionId,
      scope: 'transcribe:write',
    };
    const timestamp = this.#deps.now().toISOString();
    const callback = { connection_id: config.connectionId, timestamp, ...report };
    return recordCallback(this.#deps, { claims, callback });
  }

  async tick(): Promise<void> {
    const bots = await this.#deps.runner.list();
    for (const meetingId of await listLiveMeetingIds(this.#deps.db)) await this.#look(meetingId);
    await this.#sweep(bots);
  }

  async #look(meetingId: number): Promise<void> {
    let finishing = false;
    const finish = () => {
      finishing = true;
    };
    for (let step = 0; step < 5; step++) {
      const running = new Map((await this.#deps.runner.list()).map(({ id, name }) => [name, id]));
      const seen = { meetingId, running, watchingSince: this.#watchingSince };
      if (!(await reconcileMeeting({ ...this.#deps, finish }, seen))) break;
    }
    if (finishing) await finishMeeting(this.#deps, { meetingId, signal: new AbortController().signal });
  }
}

function mortalRunner(runner: Runner, life: Life): Runner {
  return {
    ...runner,
    async start(spec) {
      life.step();
      const bot = await runner.start(spec);
      life.step();
      return bot;
    },
    async stop(id, options) {
      life.step();
      await runner.stop(id, options);
    },
  };
}

function expectRefusal(error: unknown): void {
  if (!(error instanceof ServiceError) || causedByDeath(error)) throw error;
}

/** Errors of statements wrap what the driver threw. */
const causedByDeath = (error: unknown): boolean =>
  error instanceof ProcessDied || (error instanceof Error && causedByDeath(error.cause));
