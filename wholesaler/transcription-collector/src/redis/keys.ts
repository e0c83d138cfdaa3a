/** Keys that only the collector touches; the ones shared with other processes are in the contracts. */
export const ownKeys = {
  /** Hash segment id → newest revision that left for Postgres, so that an older one which comes late is known as such. */
  flushedRevisions: (meetingId: number) => `meeting:${meetingId}:flushed`,
  /** Present while late messages of a purged meeting may still come. */
  purged: (meetingId: number) => `meeting:${meetingId}:purged`,
  /** Hash of `epoch` and `seq`: where the meeting's list of changes stands. */
  changeLog: (meetingId: number) => `meeting:${meetingId}:log`,
  /** Sorted set segment id → `seq` of its last change. */
  changes: (meetingId: number) => `meeting:${meetingId}:changes`,
  /** Sessions of a meeting that have speaker events. */
  speakerSessions: (meetingId: number) => `meeting:${meetingId}:speaker_sessions`,
} as const;

/** Longer than any meeting a bot may attend: what is older than this belongs to nobody. */
export const keyTtlSeconds = 3 * 24 * 3_600;
