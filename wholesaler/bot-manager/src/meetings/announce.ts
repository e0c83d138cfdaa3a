import type { StatusPublication } from '@vexa/shared/contracts/live-frames';
import type { MeetingStatus } from '@vexa/shared/contracts/meeting';
import { channels } from '@vexa/shared/contracts/redis-names';
import { errorFields, type Logger } from '@vexa/shared/logging';
import type { Publisher } from '../bots/bot-commands.ts';

interface AnnounceDeps {
  redis: Publisher;
  logger: Logger;
  outbox: { nudge(): void };
}

/** Tells live readers of a meeting's new status. Lost while Redis is away: they read the status again when they reconnect. */
export const announceStatus =
  ({ redis, logger, outbox }: AnnounceDeps) =>
  ({ id, status }: { id: number; status: MeetingStatus }): void => {
    outbox.nudge();
    const publication: StatusPublication = { status, ts: new Date().toISOString() };
    redis.publish(channels.meetingStatus(id), JSON.stringify(publication)).catch((error: unknown) => {
      logger.warn({ ...errorFields(error), meeting_id: id }, 'status not published');
    });
  };
