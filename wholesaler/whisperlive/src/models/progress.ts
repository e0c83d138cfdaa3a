export type ModelProgress =
  | { stage: 'download'; source: string; doneBytes: number; totalBytes: number }
  | { stage: 'failover'; source: string; reason: string }
  | { stage: 'waiting' }
  | { stage: 'verify' }
  | { stage: 'graphs' };

export type OnProgress = (progress: ModelProgress) => void;
