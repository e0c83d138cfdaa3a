/** Every key, stream and channel name that two processes share. */
export const streams = {
  segments: 'transcription_segments',
  segmentsDead: 'transcription_segments:dead',
  speakerEvents: 'speaker_events_relative',
  collectorGroup: 'collector_group',
} as const;

export const keys = {
  meetingSegments: (meetingId: number) => `meeting:${meetingId}:segments`,
  activeMeetings: 'active_meetings',
  speakerEvents: (uid: string) => `speaker_events:${uid}`,
} as const;

export const channels = {
  botCommands: (connectionId: string) => `bot_commands:${connectionId}`,
  mutableSegments: (meetingId: number) => `tc:meeting:${meetingId}:mutable`,
  finalizedSegments: (meetingId: number) => `tc:meeting:${meetingId}:finalized`,
  meetingStatus: (meetingId: number) => `bm:meeting:${meetingId}:status`,
  /** Carries the user id whose cached authentication is void. */
  authChanged: 'aa:auth-changed',
} as const;
