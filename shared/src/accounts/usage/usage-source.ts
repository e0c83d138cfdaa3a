import type { Db } from '../../db/client.ts';
import type { Period } from './period.ts';

/** Where a product reads what a user used. Each answers for one user only. */
export interface UsageSource {
  /** Seconds of transcribed speech by model, of sessions that began in the period; running ones are included. */
  speechSeconds(db: Db, userId: number, period: Period): Promise<Map<string, number>>;
  /** Seconds that the user's bots spent in meetings that began in the period. */
  meetingSeconds(db: Db, userId: number, period: Period): Promise<number>;
  /** How many of the user's places for bots are taken. */
  concurrentBots(db: Db, userId: number): Promise<number>;
}
