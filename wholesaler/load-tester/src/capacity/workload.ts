/** How people meet; none of it is measured, all of it can be set. */
export interface Workload {
  participants: number;
  /** Of the participants, those who made a sound in the last half minute: the silence of the others is not sent. */
  heardShare: number;
  /** Of the time of a meeting, in which somebody talks; above 1 people talk at once. */
  talkShare: number;
  utteranceSeconds: number;
  pauseSeconds: number;
  /** Who follow a meeting on `/ws`. */
  readers: number;
  /** Requests of customers about one meeting. */
  requestsPerMinute: number;
  meetingMinutes: number;
  /** Of the meetings of an hour, those that begin with it. */
  fullHourShare: number;
  /** How punctual they are: the standard deviation. */
  fullHourSpreadSeconds: number;
}

export const usualWorkload: Workload = {
  participants: 4,
  heardShare: 0.6,
  talkShare: 0.9,
  utteranceSeconds: 4,
  pauseSeconds: 0.8,
  readers: 2,
  requestsPerMinute: 4,
  meetingMinutes: 45,
  fullHourShare: 0.5,
  fullHourSpreadSeconds: 60,
};

/** What does not grow with meetings; settings of this project, limits that others publish, and one measurement. */
export interface Settings {
  /** A draft of whoever talks, this often. */
  draftEverySeconds: number;
  /** `HEARTBEAT_MS` of bots: each is a row written. */
  heartbeatSeconds: number;
  /** `RECONCILE_INTERVAL_MS`: in this time the leader looks at every live meeting. */
  sweepSeconds: number;
  /** Sockets that one gateway takes. */
  socketsPerGateway: number;
  /**
   * Commands of 700 bytes for each second of Redis' one core, append-only file and all: redis-benchmark gave 71,000 XADD, 77,000
   * HSET and 94,000 PUBLISH.
   */
  redisCommandsPerSecond: number;
  /** Commands for each message: stream, acknowledgement, hash, list of changes, publish. */
  redisCommandsPerMessage: number;
  /** Kubernetes' own thresholds (kubernetes/community, sig-scalability/configs-and-limits/thresholds.md). */
  podsPerNamespace: number;
  podsPerCluster: number;
  /** The same document's pod churn. */
  podStartsPerSecond: number;
  /** `RETENTION_HOURS`. */
  retentionHours: number;
  bytesPerSegmentRow: number;
  coresPerReplica: number;
  /** `MAX_STREAMS`. */
  streamsPerReplica: number;
  /** Delays to plan whisperlive by, 95th percentile in seconds: those of six speakers on two cores. */
  firstWithin: number;
  finalWithin: number;
  /** How full anything is planned to be. */
  headroom: number;
}

export const usualSettings: Settings = {
  draftEverySeconds: 1,
  heartbeatSeconds: 10,
  sweepSeconds: 2,
  socketsPerGateway: 5_000,
  redisCommandsPerSecond: 70_000,
  redisCommandsPerMessage: 8,
  podsPerNamespace: 3_000,
  podsPerCluster: 150_000,
  podStartsPerSecond: 20,
  retentionHours: 168,
  bytesPerSegmentRow: 700,
  coresPerReplica: 4,
  streamsPerReplica: 64,
  firstWithin: 2,
  finalWithin: 1.5,
  headroom: 0.7,
};

/** What happens each second in so many meetings at once. */
export interface Rates {
  talkers: number;
  streams: number;
  finals: number;
  messages: number;
  frames: number;
  requests: number;
  heartbeats: number;
  audioBytes: number;
}

export function ratesOf(meetings: number, work: Workload, settings: Settings): Rates {
  const talkers = meetings * work.talkShare;
  const finals = talkers / (work.utteranceSeconds + work.pauseSeconds);
  const messages = finals + (finals * work.utteranceSeconds) / settings.draftEverySeconds;
  const streams = meetings * work.participants * work.heardShare;
  return {
    ...{ talkers, streams, finals, messages },
    frames: messages * work.readers,
    requests: (meetings * work.requestsPerMinute) / 60,
    heartbeats: meetings / settings.heartbeatSeconds,
    // Float32 at 16 kHz.
    audioBytes: streams * 16_000 * 4,
  };
}
