import type { MeetingStatus } from './meeting.ts';

const transitions: Record<MeetingStatus, readonly MeetingStatus[]> = {
  requested: ['joining', 'stopping', 'completed', 'failed'],
  joining: ['awaiting_admission', 'active', 'stopping', 'completed', 'failed'],
  awaiting_admission: ['active', 'needs_human_help', 'stopping', 'completed', 'failed'],
  needs_human_help: ['active', 'stopping', 'completed', 'failed'],
  active: ['stopping', 'completed', 'failed'],
  stopping: ['completed', 'failed'],
  completed: [],
  failed: [],
};

const statuses = Object.keys(transitions) as MeetingStatus[];

export const canTransition = (from: MeetingStatus, to: MeetingStatus): boolean => transitions[from].includes(to);

/** Every status from which `to` may be reached: the WHERE clause of a conditional update. */
export const statusesBefore = (to: MeetingStatus): MeetingStatus[] =>
  statuses.filter((from) => canTransition(from, to));

export const isTerminal = (status: MeetingStatus): boolean => transitions[status].length === 0;

export const liveStatuses: MeetingStatus[] = statuses.filter((status) => !isTerminal(status));
